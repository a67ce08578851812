-- Kein Wert ohne Eintrag im Katalog, und kein Eintrag ohne Wert, wo sein Programm geliefert hat und etwas gemeldet ist.
-- asset: indicators.indicator
SELECT DISTINCT
    v.indicator_id,
    'value without entry' AS problem
FROM indicators.all_values AS v
ANTI JOIN indicators.indicator AS i ON i.indicator_id = v.indicator_id
UNION ALL
SELECT
    i.indicator_id,
    'entry without value'
FROM indicators.indicator AS i
SEMI JOIN core.coverage AS c
    ON c.programme = i.programme
    AND c.table_name = i.table_name
    AND list_contains(string_split(i.calendars, ','), c.calendar)
ANTI JOIN indicators.indicator_value AS v ON v.indicator_id = i.indicator_id
ANTI JOIN indicators.not_reported AS u ON u.indicator_id = i.indicator_id
WHERE i.aggregation IN ('count', 'distinct', 'stock', 'sum')
