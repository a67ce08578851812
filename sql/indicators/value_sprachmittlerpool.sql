-- Indikatoren des Sprachmittlerpools, je Gebiet, Zeitraum und Sprache, ohne Zeilen mit 0. Leer, wo Einsätze
-- stattfanden, aber zu keinem Stunden oder ein Honorar gemeldet sind; ohne Einsatz sind sie 0.
WITH requested AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.language AS breakdown,
        count(*) AS requests,
        count(*) FILTER (f.status = 'done') AS done,
        count(*) FILTER (f.status = 'unfilled') AS unfilled,
        sum(f.hours ORDER BY f.hours) FILTER (f.status = 'done') AS hours,
        count(f.hours) FILTER (f.status = 'done') AS rows_with_hours,
        round(sum(f.fee_eur) FILTER (f.status = 'done'), 2) AS fees_eur,
        count(f.fee_eur) FILTER (f.status = 'done') AS rows_with_fee,
        median(f.assigned_on - f.requested_on) FILTER (f.status = 'done') AS lead_time_days,
        count(f.assigned_on) FILTER (f.status = 'done') AS rows_with_lead_time,
        count(DISTINCT f.interpreter) FILTER (f.status = 'done') AS interpreters
    FROM core.fact_interpreter_request AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar IN ('year', 'quarter')
        AND f.requested_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period, ROLLUP (f.language)
    HAVING GROUPING(f.language) = 1 OR f.language IS NOT NULL
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
FROM requested AS g
CROSS JOIN LATERAL (
    VALUES
        ('smp_requests', NULL::DOUBLE, NULL::DOUBLE, g.requests, g.requests),
        ('smp_assignments', NULL::DOUBLE, NULL::DOUBLE, g.done, g.done),
        ('smp_unfilled', NULL::DOUBLE, NULL::DOUBLE, g.unfilled, g.unfilled),
        (
            'smp_coverage_rate',
            g.done,
            g.done + g.unfilled,
            g.done / nullif(g.done + g.unfilled, 0),
            g.done + g.unfilled
        ),
        ('smp_hours', NULL, NULL, CASE WHEN g.done > 0 THEN g.hours ELSE 0 END, g.rows_with_hours),
        ('smp_fees_eur', NULL, NULL, CASE WHEN g.done > 0 THEN g.fees_eur ELSE 0 END, g.rows_with_fee),
        ('smp_lead_time_days', NULL, NULL, g.lead_time_days, g.rows_with_lead_time),
        ('smp_active_interpreters', NULL::DOUBLE, NULL::DOUBLE, g.interpreters, g.interpreters)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
