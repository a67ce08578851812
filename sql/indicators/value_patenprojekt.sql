-- Indikatoren des Patenprojekts, je Gebiet und Jahr, ohne Zeilen mit 0.
WITH event AS (
    SELECT 'started' AS event, p.period, f.*
    FROM core.fact_mentorship AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year' AND f.started_on BETWEEN p.first_day AND p.last_day
    UNION ALL BY NAME
    SELECT 'active' AS event, p.period, f.*
    FROM core.fact_mentorship AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year' AND f.started_on <= p.last_day
        AND (f.ended_on IS NULL OR f.ended_on > p.last_day)
    UNION ALL BY NAME
    SELECT 'ended' AS event, p.period, f.*
    FROM core.fact_mentorship AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year' AND f.ended_on BETWEEN p.first_day AND p.last_day
),

grouped AS (
    SELECT
        e.event,
        r.reporting_area AS area,
        e.period,
        NULL::VARCHAR AS breakdown,
        count(*) AS events,
        count(*) FILTER (e.outcome IN ('Ausbildung', 'Weiterführende Schule', 'Arbeit')) AS moved_on
    FROM event AS e
    INNER JOIN core.area_rollup AS r ON r.area = e.area
    GROUP BY e.event, r.reporting_area, e.period
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
        ('paten_started', 'started', NULL::DOUBLE, NULL::DOUBLE, g.events, g.events),
        ('paten_active', 'active', NULL, NULL, g.events, g.events),
        ('paten_transition_rate', 'ended', g.moved_on, g.events, g.moved_on / nullif(g.events, 0), g.events)
) AS v (indicator_id, event, numerator, denominator, value, n)
WHERE v.event = g.event
ORDER BY 1, 2, 3, 4
