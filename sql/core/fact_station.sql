-- Stationen der Fälle, am Wohnort des Falls; ohne bekannten Fall beim Kreis.
SELECT
    s.case_no,  -- Fall (Pseudonym)
    s.step,  -- Schritt im Verlauf des Falls
    coalesce(c.municipality, k.area) AS area,  -- Gebiet
    s.jurisdiction,  -- Rechtskreis
    s.started_on,  -- Beginn
    s.ended_on,  -- Ende
    s.hurdle,  -- Hürde
    coalesce(s.misrouted, FALSE) AS is_misrouted,  -- Ob der Fall fehlgesteuert war
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.kim_case_management_stations AS s
INNER JOIN core.dim_area AS k ON k.is_county
LEFT JOIN staging.kim_case_management_cases AS c ON c.case_no = s.case_no
ORDER BY s.source_file, s.source_sheet, s.source_row
