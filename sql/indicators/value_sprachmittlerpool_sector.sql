-- Durchgeführte Einsätze des Sprachmittlerpools nach Einsatzbereich, je Jahr, nur für den Kreis.
WITH assigned AS (
    SELECT
        k.area,
        p.period,
        f.sector AS breakdown,
        count(*) AS assignments
    FROM core.fact_interpreter_request AS f
    INNER JOIN core.dim_area AS k ON k.is_county
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.requested_on BETWEEN p.first_day AND p.last_day
    WHERE f.status = 'done'
    GROUP BY k.area, p.period, ROLLUP (f.sector)
    HAVING GROUPING(f.sector) = 1 OR f.sector IS NOT NULL
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
FROM assigned AS g
CROSS JOIN LATERAL (
    VALUES
        ('smp_assignments_by_sector', NULL::DOUBLE, NULL::DOUBLE, g.assignments, g.assignments)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
