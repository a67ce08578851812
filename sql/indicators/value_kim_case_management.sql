-- Indikatoren des KIM Case Managements, je Gebiet, Zeitraum und Gliederung, ohne Zeilen mit 0.
WITH event AS (
    SELECT 'registered' AS event, p.period, f.*
    FROM core.fact_case AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar IN ('year', 'quarter') AND f.registered_on BETWEEN p.first_day AND p.last_day
    UNION ALL BY NAME
    SELECT 'opened' AS event, p.period, f.*
    FROM core.fact_case AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar IN ('year', 'quarter') AND f.opened_on BETWEEN p.first_day AND p.last_day
    UNION ALL BY NAME
    SELECT 'closed' AS event, p.period, f.closed_on - f.opened_on AS days, f.*
    FROM core.fact_case AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar IN ('year', 'quarter') AND f.closed_on BETWEEN p.first_day AND p.last_day
    UNION ALL BY NAME
    SELECT 'active' AS event, p.period, f.*
    FROM core.fact_case AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar IN ('year', 'quarter') AND f.opened_on <= p.last_day
        AND (f.closed_on IS NULL OR f.closed_on > p.last_day)
    UNION ALL BY NAME
    SELECT 'talked' AS event, p.period, f.first_talk_on - f.registered_on AS days, f.*
    FROM core.fact_case AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar IN ('year', 'quarter') AND f.first_talk_on BETWEEN p.first_day AND p.last_day
    UNION ALL BY NAME
    SELECT 'handed_over' AS event, p.period, f.interface AS breakdown, f.wait_days AS days, f.*
    FROM core.fact_handover AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year' AND f.handed_over_on BETWEEN p.first_day AND p.last_day
    UNION ALL BY NAME
    SELECT 'hindered' AS event, p.period, f.hurdle AS breakdown, f.*
    FROM core.fact_station AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year' AND f.started_on BETWEEN p.first_day AND p.last_day
    UNION ALL BY NAME
    SELECT 'misrouted' AS event, p.period, CASE WHEN f.is_misrouted THEN f.case_no END AS misrouted_case_no, f.*
    FROM core.fact_station AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year' AND f.started_on BETWEEN p.first_day AND p.last_day
    UNION ALL BY NAME
    SELECT 'identified' AS event, p.period, f.theme AS breakdown, f.*
    FROM core.fact_need AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year' AND f.identified_on BETWEEN p.first_day AND p.last_day
    UNION ALL BY NAME
    SELECT 'covered' AS event, p.period, f.theme AS breakdown, f.resolved_on - f.identified_on AS days, f.*
    FROM core.fact_need AS f
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year' AND f.resolved_on BETWEEN p.first_day AND p.last_day
        AND f.outcome = 'gedeckt'
),

grouped AS (
    SELECT
        e.event,
        r.reporting_area AS area,
        e.period,
        e.breakdown,
        count(*) AS events,
        median(e.days) AS days,
        count(e.days) AS rows_with_days,
        count(*) FILTER (e.closing_reason IN ('Ziel erreicht', 'Ziel teilweise erreicht')) AS attained,
        count(*) FILTER (e.wait_days > 30) AS delayed,
        count(e.hurdle) AS hurdles,
        count(DISTINCT e.misrouted_case_no) AS misrouted_cases,
        count(*) FILTER (e.is_unmet) AS unmet
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
        ('kim_cases_registered', 'registered', NULL::DOUBLE, NULL::DOUBLE, g.events, g.events),
        ('kim_cases_opened', 'opened', NULL, NULL, g.events, g.events),
        ('kim_cases_closed', 'closed', NULL, NULL, g.events, g.events),
        ('kim_case_duration_days', 'closed', NULL, NULL, g.days, g.rows_with_days),
        ('kim_goal_attainment_rate', 'closed', g.attained, g.events, g.attained / nullif(g.events, 0), g.events),
        ('kim_cases_active', 'active', NULL, NULL, g.events, g.events),
        ('kim_first_talk_wait_days', 'talked', NULL, NULL, g.days, g.events),
        ('kim_handovers', 'handed_over', NULL, NULL, g.events, g.events),
        ('kim_handover_wait_days', 'handed_over', NULL, NULL, g.days, g.events),
        ('kim_handover_delayed_rate', 'handed_over', g.delayed, g.events, g.delayed / nullif(g.events, 0), g.events),
        ('kim_hurdles', 'hindered', NULL, NULL, g.hurdles, g.hurdles),
        ('kim_misrouted_cases', 'misrouted', NULL, NULL, g.misrouted_cases, g.misrouted_cases),
        ('kim_needs', 'identified', NULL, NULL, g.events, g.events),
        ('kim_needs_unmet', 'identified', NULL, NULL, g.unmet, g.unmet),
        ('kim_needs_unmet_rate', 'identified', g.unmet, g.events, g.unmet / nullif(g.events, 0), g.events),
        ('kim_needs_cover_days', 'covered', NULL, NULL, g.days, g.events)
) AS v (indicator_id, event, numerator, denominator, value, n)
WHERE v.event = g.event
ORDER BY 1, 2, 3, 4
