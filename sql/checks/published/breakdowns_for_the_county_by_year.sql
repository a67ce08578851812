-- Geschützte Indikatoren stehen nach Gliederung nur für den Kreis und nur nach Jahren.
-- asset: published.indicator_value
SELECT
    v.indicator_id,
    v.area,
    v.period,
    v.breakdown
FROM published.indicator_value AS v
INNER JOIN published.indicator AS i ON i.indicator_id = v.indicator_id AND i.k IS NOT NULL
INNER JOIN published.area AS a ON a.area = v.area
INNER JOIN published.period AS p ON p.period = v.period
WHERE v.breakdown_kind <> 'total' AND (a.part_of IS NOT NULL OR p.calendar = 'quarter')
