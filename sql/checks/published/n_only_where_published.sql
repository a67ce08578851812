-- n steht nur, wo es selbst der Wert oder eine veröffentlichte Zahl ist.
-- asset: published.indicator_value
SELECT
    v.indicator_id,
    v.area,
    v.period,
    v.breakdown
FROM published.indicator_value AS v
INNER JOIN published.indicator AS i ON i.indicator_id = v.indicator_id AND i.k IS NOT NULL
LEFT JOIN published.indicator_value AS c
    ON c.indicator_id = i.n_count AND c.area = v.area AND c.period = v.period AND c.breakdown = v.breakdown
WHERE v.n IS NOT NULL AND NOT list_contains([v.value, v.numerator, v.denominator, coalesce(c.value, 0)], v.n)
