-- Förderunterricht des Mercator-Projekts je Schule, Fach und Schulhalbjahr.
SELECT
    s.municipality AS area,  -- Gebiet
    s.school,  -- Schule
    s.subject,  -- Fach
    s.half_year,  -- Schulhalbjahr
    w.last_day AS reported_on,  -- Letzter Tag des Berichtszeitraums
    s.pupils,  -- Schüler/innen
    s.lesson_hours,  -- Förderstunden
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.mercator_tuition AS s
INNER JOIN quality.counting_window AS w
    ON w.programme = 'mercator'
    AND w.table_name = 'tuition'
    AND w.file = s.source_file
    AND w.part = s.source_part
ORDER BY s.source_file, s.source_sheet, s.source_row, s.half_year
