-- Kein Wert für einen Zeitraum, den die Lieferungen nicht ganz abdecken.
-- asset: indicators.indicator_value
SELECT
    v.indicator_id,
    v.period,
    count(*) AS value_count
FROM indicators.indicator_value AS v
INNER JOIN indicators.indicator AS i ON i.indicator_id = v.indicator_id
ANTI JOIN core.coverage AS c
    ON c.programme = i.programme AND c.table_name = i.table_name AND c.period = v.period
GROUP BY v.indicator_id, v.period
