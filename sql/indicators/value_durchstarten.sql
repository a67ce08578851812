-- Indikatoren von Durchstarten, je Gebiet, Jahr und Baustein, ohne Zeilen mit 0.
WITH entered AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.module AS breakdown,
        count(*) AS entries
    FROM core.fact_participation AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.entered_on BETWEEN p.first_day AND p.last_day
    GROUP BY GROUPING SETS ((r.reporting_area, p.period), (r.reporting_area, p.period, f.module))
    HAVING GROUPING(f.module) = 1 OR f.module IS NOT NULL
),

active AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        count(*) AS participations
    FROM core.fact_participation AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.entered_on <= p.last_day AND (f.left_on IS NULL OR f.left_on > p.last_day)
    GROUP BY r.reporting_area, p.period
),

departed AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.module AS breakdown,
        count(*) AS departures,
        count(*) FILTER (f.outcome IN ('Ausbildung', 'Arbeit', 'Schule')) AS successes
    FROM core.fact_participation AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.left_on BETWEEN p.first_day AND p.last_day
    GROUP BY GROUPING SETS ((r.reporting_area, p.period), (r.reporting_area, p.period, f.module))
    HAVING GROUPING(f.module) = 1 OR f.module IS NOT NULL
)

SELECT
    v.indicator_id,  -- Kennung des Indikators
    g.area,  -- Gebiet
    g.period,  -- Zeitraum
    g.breakdown,  -- Gliederungsmerkmal; leer für alle zusammen
    v.numerator,  -- Zähler
    v.denominator,  -- Nenner
    v.value,  -- Wert
    v.n  -- Zahl der Zeilen oder Einheiten, auf denen er beruht
FROM entered AS g
CROSS JOIN LATERAL (
    VALUES
        ('durchstarten_entries', NULL::DOUBLE, NULL::DOUBLE, g.entries, g.entries)
) AS v (indicator_id, numerator, denominator, value, n)
UNION ALL
SELECT
    v.indicator_id,
    g.area,
    g.period,
    g.breakdown,
    v.numerator,
    v.denominator,
    v.value,
    v.n
FROM active AS g
CROSS JOIN LATERAL (
    VALUES
        ('durchstarten_active', NULL::DOUBLE, NULL::DOUBLE, g.participations, g.participations)
) AS v (indicator_id, numerator, denominator, value, n)
UNION ALL
SELECT
    v.indicator_id,
    g.area,
    g.period,
    g.breakdown,
    v.numerator,
    v.denominator,
    v.value,
    v.n
FROM departed AS g
CROSS JOIN LATERAL (
    VALUES
        ('durchstarten_success_rate', g.successes, g.departures, g.successes / nullif(g.departures, 0), g.departures)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
