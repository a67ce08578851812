-- Indikatoren des Mercator-Projekts, je Gebiet, Schuljahr und Fach, ohne Zeilen mit 0.
WITH taught AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.subject AS breakdown,
        sum(f.lesson_hours ORDER BY f.lesson_hours) AS lesson_hours,
        count(f.lesson_hours) AS rows_with_hours
    FROM core.fact_tuition AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'school_year'
        AND f.reported_on BETWEEN p.first_day AND p.last_day
    GROUP BY GROUPING SETS ((r.reporting_area, p.period), (r.reporting_area, p.period, f.subject))
    HAVING GROUPING(f.subject) = 1 OR f.subject IS NOT NULL
),

supported AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.subject AS breakdown,
        sum(f.pupils) AS pupils,
        count(f.pupils) AS rows_with_pupils
    FROM core.fact_tuition_subject AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'school_year'
        AND f.reported_on BETWEEN p.first_day AND p.last_day
    GROUP BY GROUPING SETS ((r.reporting_area, p.period), (r.reporting_area, p.period, f.subject))
    HAVING GROUPING(f.subject) = 1 OR f.subject IS NOT NULL
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
FROM supported AS g
CROSS JOIN LATERAL (
    VALUES
        ('mercator_pupils', NULL, NULL, g.pupils, g.rows_with_pupils)
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
FROM taught AS g
CROSS JOIN LATERAL (
    VALUES
        ('mercator_lesson_hours', NULL, NULL, g.lesson_hours, g.rows_with_hours)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
