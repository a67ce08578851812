-- Ein Median steht in ganzen Tagen, ohne n, und nur ab fünf Werten.
-- asset: published.indicator_value
SELECT
    v.indicator_id,
    v.area,
    v.period,
    v.breakdown
FROM published.indicator_value AS v
INNER JOIN published.indicator AS i ON i.indicator_id = v.indicator_id AND i.k IS NOT NULL
WHERE
    i.aggregation = 'median' AND v.status = 'published'
    AND (v.value <> floor(v.value) OR v.n IS NOT NULL OR v.n_class IS NULL)
