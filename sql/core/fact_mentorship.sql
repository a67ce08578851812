-- Patenschaften.
SELECT
    s.mentorship_no,  -- Patenschaft (Pseudonym)
    s.mentee,  -- Patenkind (Pseudonym)
    s.municipality AS area,  -- Gebiet
    s.started_on,  -- Beginn
    s.ended_on,  -- Ende
    s.outcome,  -- Ergebnis
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.patenprojekt_mentorships AS s
ORDER BY s.source_file, s.source_sheet, s.source_row
