-- Zeiträume der drei Kalender, soweit Lieferungen reichen: Jahre, Quartale, Schuljahre (1. August bis 31. Juli).
SELECT
    p.period,  -- Zeitraum: 2023, 2023-Q1 oder 2022/23
    p.calendar,  -- Kalender: year, quarter oder school_year
    p.first_day,  -- Erster Tag
    p.last_day  -- Letzter Tag
FROM core.calendar_period AS p
ORDER BY p.calendar, p.first_day
