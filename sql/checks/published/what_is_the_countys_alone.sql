-- Was der Katalog dem Kreis vorbehält, steht nicht für Gemeinden.
-- asset: published.indicator_value
SELECT
    v.indicator_id,
    v.area,
    v.period,
    v.breakdown
FROM published.indicator_value AS v
INNER JOIN published.indicator AS i ON i.indicator_id = v.indicator_id
INNER JOIN published.area AS a ON a.area = v.area AND a.part_of IS NOT NULL
INNER JOIN published.period AS p ON p.period = v.period
WHERE list_contains(string_split(i.county_calendars, ','), p.calendar)
ORDER BY v.indicator_id, v.area, v.period, v.breakdown
