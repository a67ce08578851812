-- Maßnahmenregister: Maßnahmen, aus der Gesamtliste mit dem jüngsten Stand.
SELECT
    r.concept,  -- Konzept
    r.measure_no,  -- Maßnahmennummer
    r.field,  -- Handlungsfeld
    r.title,  -- Maßnahme
    r.lead,  -- Federführung
    r.ki_involved,  -- KI-Beteiligung
    r.programme,  -- Programm
    r.theme,  -- Themenfeld
    r.status,  -- Umsetzungsstand
    r.status_on,  -- Stand der Umsetzung vom
    r.note,  -- Bemerkung
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.massnahmen_measures AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'massnahmen'
    AND w.table_name = 'measures'
    AND w.file = r.source_file
    AND w.part = r.source_part
ORDER BY r.source_file, r.source_sheet, r.source_row
