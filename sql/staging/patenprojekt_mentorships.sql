-- Patenprojekt Übergang Schule-Beruf: Patenschaften, aus der Gesamtliste mit dem jüngsten Stand.
SELECT
    r.mentorship_no,  -- Patenschaft (Pseudonym)
    r.mentor,  -- Pate/Patin (Pseudonym)
    r.mentee,  -- Patenkind (Pseudonym)
    r.school,  -- Schule
    r.municipality,  -- Kommune
    r.started_on,  -- Beginn
    r.ended_on,  -- Ende
    r.outcome,  -- Ergebnis
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.patenprojekt_mentorships AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'patenprojekt'
    AND w.table_name = 'mentorships'
    AND w.file = r.source_file
    AND w.part = r.source_part
ORDER BY r.source_file, r.source_sheet, r.source_row
