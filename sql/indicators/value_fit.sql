-- Indikatoren der FIT-Programme, je Gebiet, Schuljahr und Programm, ohne Zeilen mit 0.
WITH grouped AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.fit_programme AS breakdown,
        count(*) AS fit_groups,
        sum(f.families) AS families,
        sum(f.children) AS children
    FROM core.fact_fit_group AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'school_year'
        AND f.reported_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period, ROLLUP (f.fit_programme)
    HAVING GROUPING(f.fit_programme) = 1 OR f.fit_programme IS NOT NULL
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
        ('fit_groups', NULL::DOUBLE, NULL::DOUBLE, g.fit_groups, g.fit_groups),
        ('fit_families', NULL, NULL, g.families, g.fit_groups),
        ('fit_children', NULL, NULL, g.children, g.fit_groups)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
