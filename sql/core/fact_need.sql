-- Bedarfe der Fälle, am Wohnort des Falls; ohne bekannten Fall beim Kreis.
SELECT
    s.case_no,  -- Fall (Pseudonym)
    coalesce(c.municipality, k.area) AS area,  -- Gebiet
    s.theme,  -- Thema
    s.identified_on,  -- Festgestellt am
    s.resolved_on,  -- Gedeckt am
    s.outcome,  -- Stand des Bedarfs
    s.outcome IN ('kein Angebot', 'Warteliste') AS is_unmet,  -- Ob es kein Angebot oder nur eine Warteliste gab
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.kim_case_management_needs AS s
INNER JOIN core.dim_area AS k ON k.is_county
LEFT JOIN staging.kim_case_management_cases AS c ON c.case_no = s.case_no
ORDER BY s.source_file, s.source_sheet, s.source_row
