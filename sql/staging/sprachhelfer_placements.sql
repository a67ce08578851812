-- Sprachhelferprojekt: Einsätze, aus den Lieferungen, die zählen.
SELECT
    r.institution,  -- Einrichtung
    r.helper,  -- Sprachhelfer/in (Pseudonym)
    r.municipality,  -- Kommune
    r.institution_type,  -- Art
    r.hours_granted,  -- Stunden bewilligt
    r.hours_delivered,  -- Stunden geleistet
    r.children,  -- Kinder
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.sprachhelfer_placements AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'sprachhelfer'
    AND w.table_name = 'placements'
    AND w.file = r.source_file
    AND w.part = r.source_part
ORDER BY r.source_file, r.source_sheet, r.source_row
