-- Zu welchen Gebieten eine Zeile zählt: jede Gemeinde zu sich und zum Kreis,
-- beim Kreis verortete Zeilen nur zum Kreis.
SELECT
    a.area,  -- Gebiet der Zeile
    a.area AS reporting_area  -- Gebiet, für das sie zählt
FROM core.dim_area AS a
UNION ALL
SELECT
    a.area,
    a.part_of
FROM core.dim_area AS a
WHERE a.part_of IS NOT NULL
ORDER BY 1, 2
