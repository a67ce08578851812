-- Ein Median steht nur, wo die Zahlen stehen, die etwas über die Zahl seiner Werte sagen.
-- asset: published.indicator_value
SELECT
    v.indicator_id,
    v.area,
    v.period,
    v.breakdown
FROM published.indicator_value AS v
INNER JOIN published.indicator AS i ON i.indicator_id = v.indicator_id AND i.k IS NOT NULL
INNER JOIN published.indicator_value AS c
    ON list_contains(string_split(i.n_within, ','), c.indicator_id) AND c.area = v.area AND c.period = v.period AND c.breakdown = v.breakdown
    AND c.status = 'suppressed'
WHERE i.aggregation = 'median' AND v.status = 'published'
