-- Keine Anzahl oder Summe der Gemeinden übersteigt die des Kreises.
-- asset: indicators.indicator_value
SELECT
    v.indicator_id,
    v.period,
    v.breakdown,
    sum(v.value) FILTER (a.is_county) AS county,
    sum(v.value) FILTER (NOT a.is_county) AS municipalities
FROM indicators.indicator_value AS v
INNER JOIN indicators.indicator AS i ON i.indicator_id = v.indicator_id
INNER JOIN core.dim_area AS a ON a.area = v.area
WHERE i.aggregation IN ('count', 'stock') AND NOT i.county_only
GROUP BY v.indicator_id, v.period, v.breakdown
HAVING coalesce(sum(v.value) FILTER (NOT a.is_county), 0) > coalesce(sum(v.value) FILTER (a.is_county), 0)
