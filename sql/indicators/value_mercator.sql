-- Indikatoren des Mercator-Projekts, je Gebiet, Schuljahr und Fach, ohne Zeilen mit 0; leer, wo nichts gemeldet ist.
WITH event AS (
    SELECT 'taught' AS event, p.period, f.subject AS breakdown, f.*
    FROM core.fact_tuition AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'school_year' AND f.reported_on BETWEEN p.first_day AND p.last_day
    UNION ALL BY NAME
    SELECT 'supported' AS event, p.period, f.subject AS breakdown, f.*
    FROM core.fact_tuition_subject AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'school_year' AND f.reported_on BETWEEN p.first_day AND p.last_day
),

grouped AS (
    SELECT
        e.event,
        r.reporting_area AS area,
        e.period,
        e.breakdown,
        sum(e.lesson_hours ORDER BY e.lesson_hours) AS lesson_hours,
        count(e.lesson_hours) AS rows_with_hours,
        sum(e.pupils) AS pupils,
        count(e.pupils) AS rows_with_pupils
    FROM event AS e
    INNER JOIN core.area_rollup AS r ON r.area = e.area
    GROUP BY e.event, r.reporting_area, e.period, ROLLUP (e.breakdown)
    HAVING GROUPING(e.breakdown) = 1 OR e.breakdown IS NOT NULL
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
FROM grouped AS g
CROSS JOIN LATERAL (
    VALUES
        ('mercator_lesson_hours', 'taught', NULL::DOUBLE, NULL::DOUBLE, g.lesson_hours, g.rows_with_hours),
        ('mercator_pupils', 'supported', NULL, NULL, g.pupils, g.rows_with_pupils)
) AS v (indicator_id, event, numerator, denominator, value, n)
WHERE v.event = g.event
ORDER BY 1, 2, 3, 4
