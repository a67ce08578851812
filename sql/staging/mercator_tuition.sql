-- Mercator-Projekt: Förderunterricht, aus den Lieferungen, die zählen.
SELECT
    r.school,  -- Schule
    r.subject,  -- Fach
    r.municipality,  -- Kommune
    r.half_year,  -- Schulhalbjahr
    r.pupils,  -- Schüler/innen
    r.lesson_hours,  -- Förderstunden
    r.tutors,  -- Förderlehrkräfte
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.mercator_tuition AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'mercator'
    AND w.table_name = 'tuition'
    AND w.file = r.source_file
    AND w.part = r.source_part
ORDER BY r.source_file, r.source_sheet, r.source_row, r.half_year
