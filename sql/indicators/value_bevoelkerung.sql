-- Bevölkerung am Jahresende; der Kreis ist die Summe seiner Gemeinden und fehlt, wo eine von ihnen fehlt.
WITH expected AS (
    SELECT
        r.reporting_area AS area,
        count(*) FILTER (NOT a.is_county) AS municipalities
    FROM core.area_rollup AS r
    INNER JOIN core.dim_area AS a ON a.area = r.area
    GROUP BY r.reporting_area
),

counted AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        sum(f.population) AS population,
        sum(f.foreigners) AS foreigners
    FROM core.fact_population AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN expected AS e ON e.area = r.reporting_area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.reported_on = p.last_day
    GROUP BY r.reporting_area, p.period, e.municipalities
    HAVING count(DISTINCT f.area) = e.municipalities
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
FROM counted AS g
CROSS JOIN LATERAL (
    VALUES
        ('population', NULL, NULL, g.population, g.population),
        ('foreigners_rate', g.foreigners, g.population, g.foreigners / nullif(g.population, 0), g.population)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
