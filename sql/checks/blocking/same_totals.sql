-- Das Ganze eines Indikators, der einen anderen nur anders gliedert, ist dessen Wert für den Kreis.
-- asset: indicators.indicator_value
SELECT
    i.indicator_id,
    t.area,
    t.period,
    t.value,
    o.value AS other_value
FROM indicators.indicator AS i
INNER JOIN indicators.indicator_value AS t ON t.indicator_id = i.indicator_id AND t.breakdown_kind = 'total'
LEFT JOIN indicators.indicator_value AS o
    ON o.indicator_id = i.same_total_as AND o.area = t.area AND o.period = t.period AND o.breakdown_kind = 'total'
WHERE i.same_total_as IS NOT NULL AND t.value IS DISTINCT FROM o.value
