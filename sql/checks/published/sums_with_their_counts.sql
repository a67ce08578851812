-- Eine Summe von Stunden oder Euro steht nur, wo ihre Zahl und die der Personen steht, die zu ihr beitragen.
-- asset: published.indicator_value
SELECT
    v.indicator_id,
    v.area,
    v.period,
    v.breakdown
FROM published.indicator_value AS v
INNER JOIN published.indicator AS i ON i.indicator_id = v.indicator_id AND i.k IS NOT NULL
INNER JOIN published.period AS p ON p.period = v.period
INNER JOIN published.period AS y
    ON y.period = p.period OR (y.calendar = 'year' AND p.last_day BETWEEN y.first_day AND y.last_day)
INNER JOIN published.indicator_value AS c
    ON c.area = v.area AND c.breakdown = v.breakdown AND c.period = y.period AND c.status = 'suppressed'
    AND ((c.indicator_id = i.hidden_with AND c.period = v.period) OR c.indicator_id = i.contributors)
WHERE v.status = 'published'
