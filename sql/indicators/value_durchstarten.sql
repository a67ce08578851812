-- Indikatoren von Durchstarten, je Gebiet, Jahr und Baustein, ohne Zeilen mit 0.
WITH event AS (
    SELECT 'entered' AS event, p.period, f.module AS breakdown, f.*
    FROM core.fact_participation AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year' AND f.entered_on BETWEEN p.first_day AND p.last_day
    UNION ALL BY NAME
    SELECT 'active' AS event, p.period, f.*
    FROM core.fact_participation AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year' AND f.entered_on <= p.last_day
        AND (f.left_on IS NULL OR f.left_on > p.last_day)
    UNION ALL BY NAME
    SELECT 'departed' AS event, p.period, f.module AS breakdown, f.*
    FROM core.fact_participation AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year' AND f.left_on BETWEEN p.first_day AND p.last_day
),

grouped AS (
    SELECT
        e.event,
        r.reporting_area AS area,
        e.period,
        e.breakdown,
        count(*) AS events,
        count(*) FILTER (e.outcome IN ('Ausbildung', 'Arbeit', 'Schule')) AS successes
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
        ('durchstarten_entries', 'entered', NULL::DOUBLE, NULL::DOUBLE, g.events, g.events),
        ('durchstarten_active', 'active', NULL, NULL, g.events, g.events),
        ('durchstarten_success_rate', 'departed', g.successes, g.events, g.successes / nullif(g.events, 0), g.events)
) AS v (indicator_id, event, numerator, denominator, value, n)
WHERE v.event = g.event
ORDER BY 1, 2, 3, 4
