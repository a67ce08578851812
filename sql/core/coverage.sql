-- Welche Zeiträume die Lieferungen, die zählen, ganz abdecken, je Tabelle eines Programms.
WITH covered_day AS (
    SELECT DISTINCT
        c.programme,
        c.table_name,
        unnest(generate_series(c.first_day::TIMESTAMP, c.last_day::TIMESTAMP, INTERVAL 1 DAY))::DATE AS covered_on
    FROM quality.coverage AS c
    WHERE c.delivery = 'period'
)

SELECT
    d.programme,  -- Schlüssel des Programms
    d.table_name,  -- Tabelle des Programms
    p.period,  -- Zeitraum, der ganz abgedeckt ist
    p.calendar  -- Kalender: year, quarter oder school_year
FROM core.calendar_period AS p
INNER JOIN covered_day AS d ON d.covered_on BETWEEN p.first_day AND p.last_day
GROUP BY d.programme, d.table_name, p.period, p.calendar, p.first_day, p.last_day
HAVING count(*) = p.last_day - p.first_day + 1
UNION ALL
SELECT DISTINCT
    c.programme,
    c.table_name,
    p.period,
    p.calendar
FROM core.calendar_period AS p
INNER JOIN quality.coverage AS c ON p.last_day BETWEEN c.first_day AND c.last_day
WHERE c.delivery = 'snapshot'
ORDER BY 1, 2, 4, 3
