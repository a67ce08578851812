-- KIM Case Management: Stationen, aus der Gesamtliste mit dem jüngsten Stand.
SELECT
    r.case_no,  -- Fall (Pseudonym)
    r.step,  -- Schritt
    r.jurisdiction,  -- Rechtskreis
    r.agency,  -- Behörde oder Stelle
    r.started_on,  -- Beginn der Station
    r.ended_on,  -- Ende der Station
    r.hurdle,  -- Hürde
    r.misrouted,  -- Fehlsteuerung
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.kim_case_management_stations AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'kim_case_management'
    AND w.table_name = 'stations'
    AND w.file = r.source_file
    AND w.part = r.source_part
ORDER BY r.source_file, r.source_sheet, r.source_row
