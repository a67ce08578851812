-- Einsätze der Sprachhelfer/innen.
SELECT
    s.institution,  -- Einrichtung
    s.helper,  -- Sprachhelfer/in (Pseudonym)
    s.municipality AS area,  -- Gebiet
    w.last_day AS reported_on,  -- Letzter Tag des Berichtszeitraums
    s.hours_granted,  -- Stunden bewilligt
    s.hours_delivered,  -- Stunden geleistet
    s.children,  -- Geförderte Kinder
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.sprachhelfer_placements AS s
INNER JOIN quality.counting_window AS w
    ON w.programme = 'sprachhelfer'
    AND w.table_name = 'placements'
    AND w.file = s.source_file
    AND w.part = s.source_part
ORDER BY s.source_file, s.source_sheet, s.source_row
