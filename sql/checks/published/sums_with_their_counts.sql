-- Eine Summe von Stunden oder Euro steht nur, wo ihre Zahl steht.
-- asset: published.indicator_value
SELECT
    v.indicator_id,
    v.area,
    v.period,
    v.breakdown
FROM published.indicator_value AS v
INNER JOIN published.indicator AS i ON i.indicator_id = v.indicator_id AND i.k IS NOT NULL
INNER JOIN published.indicator_value AS c
    ON c.indicator_id = i.hidden_with AND c.area = v.area AND c.period = v.period AND c.breakdown = v.breakdown
    AND c.status = 'suppressed'
WHERE v.status = 'published'
