-- Für welche Zeiträume es einen Indikator gibt: Lieferungen decken sie ganz ab. Was den Stand am Ende eines Zeitraums
-- zählt, gibt es nur bis zum Ende des Programms.
SELECT
    i.indicator_id,  -- Kennung des Indikators
    c.period,  -- Zeitraum
    c.calendar  -- Kalender: year, quarter oder school_year
FROM indicators.indicator AS i
INNER JOIN core.coverage AS c
    ON c.programme = i.programme AND c.table_name = i.table_name
    AND list_contains(string_split(i.calendars, ','), c.calendar)
INNER JOIN core.calendar_period AS p ON p.period = c.period
INNER JOIN core.dim_programme AS g ON g.programme = i.programme
LEFT JOIN indicators.indicator AS w ON w.indicator_id = i.per_1000_of
WHERE p.last_day <= coalesce(g.valid_to, p.last_day) OR NOT (i.at_period_end OR coalesce(w.at_period_end, FALSE))
ORDER BY i.indicator_id, c.calendar, c.period
