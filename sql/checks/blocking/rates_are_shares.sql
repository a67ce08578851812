-- Quoten, deren Zähler Teil des Nenners ist, liegen zwischen 0 und 1.
-- asset: indicators.indicator_value
SELECT
    v.indicator_id,
    v.area,
    v.period,
    v.breakdown,
    v.value
FROM indicators.indicator_value AS v
INNER JOIN indicators.indicator AS i ON i.indicator_id = v.indicator_id
WHERE i.aggregation = 'rate' AND i.is_share AND (v.value < 0 OR v.value > 1 OR v.value IS NULL)
