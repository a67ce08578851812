-- Eine Quote steht nur, wo der Nenner mindestens 20 ist.
-- asset: published.indicator_value
SELECT
    v.indicator_id,
    v.area,
    v.period,
    v.breakdown
FROM published.indicator_value AS v
INNER JOIN published.indicator AS i ON i.indicator_id = v.indicator_id AND i.k IS NOT NULL
WHERE
    i.aggregation = 'rate' AND v.status = 'published'
    AND (v.numerator IS NULL OR v.denominator IS NULL OR v.denominator < 20)
