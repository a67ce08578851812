-- Lücken in der Sprachmittlung je Jahr: der Kreis nach Sprachen, die Gemeinden im Ganzen (Sprache total).
-- Was geheim bleibt, ist leer, und mit ihm die Lücke, außer wo schon das Veröffentlichte sie ausschließt.
WITH figure AS (
    SELECT
        v.period,
        v.area,
        CASE WHEN v.breakdown_kind = 'total' THEN 'total' ELSE v.breakdown END AS language,
        v.indicator_id,
        v.value
    FROM published.indicator_value AS v
    INNER JOIN core.calendar_period AS p ON p.period = v.period AND p.calendar = 'year'
    INNER JOIN core.dim_area AS a ON a.area = v.area
    WHERE
        v.indicator_id IN (
            'smp_requests', 'smp_assignments', 'smp_unfilled', 'smp_coverage_rate', 'smp_active_interpreters'
        )
        AND v.breakdown_kind = CASE WHEN a.is_county THEN 'language' ELSE 'total' END
),

by_language AS (
    SELECT
        f.period,
        f.area,
        f.language,
        max(f.value) FILTER (f.indicator_id = 'smp_requests')::BIGINT AS requests,
        max(f.value) FILTER (f.indicator_id = 'smp_assignments')::BIGINT AS assignments,
        max(f.value) FILTER (f.indicator_id = 'smp_unfilled')::BIGINT AS unfilled,
        max(f.value) FILTER (f.indicator_id = 'smp_coverage_rate') AS coverage_rate,
        max(f.value) FILTER (f.indicator_id = 'smp_active_interpreters')::BIGINT AS active_interpreters
    FROM figure AS f
    GROUP BY f.period, f.area, f.language
)

SELECT
    l.period,  -- Jahr
    l.area,  -- Gebiet
    l.language,  -- Sprache (ISO 639-3); total bei den Gemeinden
    l.requests,  -- Anfragen; leer, wenn geheim
    l.unfilled,  -- davon nicht besetzt; leer, wenn geheim
    l.coverage_rate,  -- Besetzte an allen nicht abgesagten, nur für den Kreis; leer: geheim oder weniger als 20
    l.active_interpreters,  -- Sprachmittler/innen mit einem Einsatz; leer, wenn geheim
    CASE
        WHEN l.requests < 3 OR l.unfilled < 3 OR l.coverage_rate >= 0.8 THEN FALSE
        ELSE 5 * l.assignments < 4 * (l.assignments + l.unfilled)
    END AS gap  -- Lücke: mindestens 3 nicht besetzt und weniger als 80 % gedeckt; leer, wenn geheim
FROM by_language AS l
ORDER BY l.period, l.area, l.language
