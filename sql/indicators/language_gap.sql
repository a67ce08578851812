-- Lücken in der Sprachmittlung, je Jahr, Gebiet und Sprache mit mindestens einer Anfrage.
WITH by_language AS (
    SELECT
        v.period,
        v.area,
        v.breakdown AS language,
        max(v.value) FILTER (v.indicator_id = 'smp_requests')::BIGINT AS requests,
        coalesce(max(v.value) FILTER (v.indicator_id = 'smp_unfilled'), 0)::BIGINT AS unfilled,
        max(v.value) FILTER (v.indicator_id = 'smp_coverage_rate') AS coverage_rate,
        coalesce(max(v.value) FILTER (v.indicator_id = 'smp_active_interpreters'), 0)::BIGINT AS active_interpreters
    FROM indicators.indicator_value AS v
    INNER JOIN core.calendar_period AS p ON p.period = v.period AND p.calendar = 'year'
    WHERE
        v.indicator_id IN ('smp_requests', 'smp_unfilled', 'smp_coverage_rate', 'smp_active_interpreters')
        AND v.breakdown_kind = 'language'
    GROUP BY v.period, v.area, v.breakdown
)

SELECT
    l.period,  -- Jahr
    l.area,  -- Gebiet
    l.language,  -- Sprache (ISO 639-3)
    l.requests,  -- Anfragen
    l.unfilled,  -- davon nicht besetzt
    l.coverage_rate,  -- Besetzte Anfragen an allen nicht abgesagten; leer, wenn alle abgesagt wurden
    l.active_interpreters,  -- Sprachmittler/innen mit einem Einsatz
    coalesce(l.unfilled >= 3 AND l.coverage_rate < 0.8, FALSE) AS gap  -- Ob es eine Lücke gibt
FROM by_language AS l
ORDER BY l.period, l.area, l.language
