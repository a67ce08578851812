-- FIT-Gruppen.
SELECT
    s.group_no,  -- Gruppe
    s.municipality AS area,  -- Gebiet
    w.last_day AS reported_on,  -- Letzter Tag des Berichtszeitraums
    s.programme AS fit_programme,  -- Programm: Griffbereit, Rucksack KiTa oder Rucksack Schule
    s.families,  -- Anzahl Familien
    s.children,  -- Anzahl Kinder
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.fit_groups AS s
INNER JOIN quality.counting_window AS w
    ON w.programme = 'fit'
    AND w.table_name = 'groups'
    AND w.file = s.source_file
    AND w.part = s.source_part
ORDER BY s.source_file, s.source_sheet, s.source_row
