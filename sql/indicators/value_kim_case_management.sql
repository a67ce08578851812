-- Indikatoren des KIM Case Managements, je Gebiet, Zeitraum und Gliederung, ohne Zeilen mit 0.
WITH registered AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        count(*) AS cases
    FROM core.fact_case AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar IN ('year', 'quarter')
        AND f.registered_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period
),

opened AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        count(*) AS cases
    FROM core.fact_case AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar IN ('year', 'quarter')
        AND f.opened_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period
),

closed AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        count(*) AS cases,
        median(f.closed_on - f.opened_on) AS duration_days,
        count(f.opened_on) AS rows_with_duration,
        count(*) FILTER (f.closing_reason IN ('Ziel erreicht', 'Ziel teilweise erreicht')) AS attained
    FROM core.fact_case AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar IN ('year', 'quarter')
        AND f.closed_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period
),

active AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        count(*) AS cases
    FROM core.fact_case AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar IN ('year', 'quarter')
        AND f.opened_on <= p.last_day AND (f.closed_on IS NULL OR f.closed_on > p.last_day)
    GROUP BY r.reporting_area, p.period
),

talked AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        median(f.first_talk_on - f.registered_on) AS wait_days,
        count(*) AS talks
    FROM core.fact_case AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar IN ('year', 'quarter')
        AND f.first_talk_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period
),

handed_over AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.interface AS breakdown,
        count(*) AS handovers,
        median(f.wait_days) AS wait_days,
        count(*) FILTER (f.wait_days > 30) AS delayed
    FROM core.fact_handover AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.handed_over_on BETWEEN p.first_day AND p.last_day
    GROUP BY GROUPING SETS ((r.reporting_area, p.period), (r.reporting_area, p.period, f.interface))
    HAVING GROUPING(f.interface) = 1 OR f.interface IS NOT NULL
),

hindered AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.hurdle AS breakdown,
        count(*) FILTER (f.hurdle IS NOT NULL) AS hurdles
    FROM core.fact_station AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.started_on BETWEEN p.first_day AND p.last_day
    GROUP BY GROUPING SETS ((r.reporting_area, p.period), (r.reporting_area, p.period, f.hurdle))
    HAVING GROUPING(f.hurdle) = 1 OR f.hurdle IS NOT NULL
),

misrouted AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        count(DISTINCT f.case_no) FILTER (f.is_misrouted) AS cases
    FROM core.fact_station AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.started_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period
),

identified AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.theme AS breakdown,
        count(*) AS needs,
        count(*) FILTER (f.is_unmet) AS unmet
    FROM core.fact_need AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.identified_on BETWEEN p.first_day AND p.last_day
    GROUP BY GROUPING SETS ((r.reporting_area, p.period), (r.reporting_area, p.period, f.theme))
    HAVING GROUPING(f.theme) = 1 OR f.theme IS NOT NULL
),

covered AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.theme AS breakdown,
        median(f.resolved_on - f.identified_on) AS cover_days,
        count(*) AS needs
    FROM core.fact_need AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.resolved_on BETWEEN p.first_day AND p.last_day
        AND f.outcome = 'gedeckt'
    GROUP BY GROUPING SETS ((r.reporting_area, p.period), (r.reporting_area, p.period, f.theme))
    HAVING GROUPING(f.theme) = 1 OR f.theme IS NOT NULL
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
FROM registered AS g
CROSS JOIN LATERAL (
    VALUES
        ('kim_cases_registered', NULL::DOUBLE, NULL::DOUBLE, g.cases, g.cases)
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
FROM opened AS g
CROSS JOIN LATERAL (
    VALUES
        ('kim_cases_opened', NULL::DOUBLE, NULL::DOUBLE, g.cases, g.cases)
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
FROM closed AS g
CROSS JOIN LATERAL (
    VALUES
        ('kim_cases_closed', NULL::DOUBLE, NULL::DOUBLE, g.cases, g.cases),
        ('kim_case_duration_days', NULL, NULL, g.duration_days, g.rows_with_duration),
        ('kim_goal_attainment_rate', g.attained, g.cases, g.attained / nullif(g.cases, 0), g.cases)
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
        ('kim_cases_active', NULL::DOUBLE, NULL::DOUBLE, g.cases, g.cases)
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
FROM talked AS g
CROSS JOIN LATERAL (
    VALUES
        ('kim_first_talk_wait_days', NULL, NULL, g.wait_days, g.talks)
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
FROM handed_over AS g
CROSS JOIN LATERAL (
    VALUES
        ('kim_handovers', NULL::DOUBLE, NULL::DOUBLE, g.handovers, g.handovers),
        ('kim_handover_wait_days', NULL, NULL, g.wait_days, g.handovers),
        ('kim_handover_delayed_rate', g.delayed, g.handovers, g.delayed / nullif(g.handovers, 0), g.handovers)
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
FROM hindered AS g
CROSS JOIN LATERAL (
    VALUES
        ('kim_hurdles', NULL::DOUBLE, NULL::DOUBLE, g.hurdles, g.hurdles)
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
FROM misrouted AS g
CROSS JOIN LATERAL (
    VALUES
        ('kim_misrouted_cases', NULL::DOUBLE, NULL::DOUBLE, g.cases, g.cases)
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
FROM identified AS g
CROSS JOIN LATERAL (
    VALUES
        ('kim_needs', NULL::DOUBLE, NULL::DOUBLE, g.needs, g.needs),
        ('kim_needs_unmet', NULL::DOUBLE, NULL::DOUBLE, g.unmet, g.unmet),
        ('kim_needs_unmet_rate', g.unmet, g.needs, g.unmet / nullif(g.needs, 0), g.needs)
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
FROM covered AS g
CROSS JOIN LATERAL (
    VALUES
        ('kim_needs_cover_days', NULL, NULL, g.cover_days, g.needs)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
