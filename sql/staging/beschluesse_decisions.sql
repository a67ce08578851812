-- Beschlüsse: Beschlüsse, aus der Gesamtliste mit dem jüngsten Stand.
SELECT
    r.decision_no,  -- Beschlussnummer
    r.decided_on,  -- Datum
    r.body,  -- Gremium
    r.concept,  -- Konzept
    r.measure_no,  -- Maßnahmennummer
    r.kind,  -- Beschlussart
    r.decision,  -- Entscheidung
    r.text,  -- Beschlusstext
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.beschluesse_decisions AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'beschluesse'
    AND w.table_name = 'decisions'
    AND w.file = r.source_file
    AND w.part = r.source_part
ORDER BY r.source_file, r.source_sheet, r.source_row
