-- Bevölkerung der Gemeinden am 31. Dezember.
SELECT
    s.ags AS area,  -- Gebiet
    w.last_day AS reported_on,  -- Letzter Tag des Berichtszeitraums
    s.population,  -- Bevölkerung
    s.foreigners,  -- Ausländerinnen und Ausländer
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.bevoelkerung_population AS s
INNER JOIN quality.counting_window AS w
    ON w.programme = 'bevoelkerung'
    AND w.table_name = 'population'
    AND w.file = s.source_file
    AND w.part = s.source_part
ORDER BY s.source_file, s.source_sheet, s.source_row
