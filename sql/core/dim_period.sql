-- Zeiträume mit Beginn, Ende und den Programmen, deren Lieferungen sie ganz abdecken.
SELECT
    p.period,  -- Zeitraum: 2023, 2023-Q1 oder 2022/23
    p.calendar,  -- Kalender: year, quarter oder school_year
    p.first_day,  -- Erster Tag
    p.last_day,  -- Letzter Tag
    coalesce(string_agg(DISTINCT c.programme, ', ' ORDER BY c.programme), '') AS covered_by  -- Programme dazu
FROM core.calendar_period AS p
LEFT JOIN core.coverage AS c ON c.period = p.period
GROUP BY p.period, p.calendar, p.first_day, p.last_day
ORDER BY p.calendar, p.first_day
