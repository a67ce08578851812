-- Zeiträume der drei Kalender, soweit Lieferungen reichen: Jahre, Quartale, Schuljahre (1. August bis 31. Juli).
WITH bounds AS (
    SELECT
        year(min(c.first_day)) - 2 AS first_year,
        year(max(c.last_day)) AS last_year
    FROM quality.coverage AS c
),

years AS (
    SELECT unnest(range(b.first_year, b.last_year + 1)) AS y
    FROM bounds AS b
),

quarters AS (
    SELECT
        y.y,
        unnest([1, 2, 3, 4]) AS q
    FROM years AS y
)

SELECT
    y.y::VARCHAR AS period,  -- Zeitraum: 2023, 2023-Q1 oder 2022/23
    'year' AS calendar,  -- Kalender: year, quarter oder school_year
    make_date(y.y, 1, 1) AS first_day,  -- Erster Tag
    make_date(y.y, 12, 31) AS last_day  -- Letzter Tag
FROM years AS y
UNION ALL
SELECT
    q.y::VARCHAR || '-Q' || q.q::VARCHAR,
    'quarter',
    make_date(q.y, 3 * q.q - 2, 1),
    last_day(make_date(q.y, 3 * q.q, 1))
FROM quarters AS q
UNION ALL
SELECT
    y.y::VARCHAR || '/' || lpad(((y.y + 1) % 100)::VARCHAR, 2, '0'),
    'school_year',
    make_date(y.y, 8, 1),
    make_date(y.y + 1, 7, 31)
FROM years AS y
ORDER BY 2, 3
