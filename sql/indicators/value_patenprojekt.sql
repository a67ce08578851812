-- Indikatoren des Patenprojekts, je Gebiet und Jahr, ohne Zeilen mit 0.
WITH started AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        count(*) AS mentorships
    FROM core.fact_mentorship AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.started_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period
),

active AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        count(*) AS mentorships
    FROM core.fact_mentorship AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.started_on <= p.last_day AND (f.ended_on IS NULL OR f.ended_on > p.last_day)
    GROUP BY r.reporting_area, p.period
),

ended AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        count(*) AS mentorships,
        count(*) FILTER (f.outcome IN ('Ausbildung', 'Weiterführende Schule', 'Arbeit')) AS moved_on
    FROM core.fact_mentorship AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.ended_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period
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
FROM started AS g
CROSS JOIN LATERAL (
    VALUES
        ('paten_started', NULL::DOUBLE, NULL::DOUBLE, g.mentorships, g.mentorships)
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
        ('paten_active', NULL::DOUBLE, NULL::DOUBLE, g.mentorships, g.mentorships)
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
FROM ended AS g
CROSS JOIN LATERAL (
    VALUES
        ('paten_transition_rate', g.moved_on, g.mentorships, g.moved_on / nullif(g.mentorships, 0), g.mentorships)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
