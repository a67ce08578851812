-- Bevölkerung am Jahresende; der Kreis hat seine eigene amtliche Zahl, sonst ist er die Summe seiner Gemeinden und
-- fehlt, wo eine von ihnen fehlt. Der Anteil der Frauen gilt für den Kreis, wo alle Gemeinden beide Zahlen haben.
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
        sum(f.population) AS population
    FROM core.fact_population AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area AND (r.reporting_area = f.area OR NOT f.is_county_known)
    INNER JOIN expected AS e ON e.area = r.reporting_area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.reported_on = p.last_day
    WHERE f.population IS NOT NULL
    GROUP BY r.reporting_area, p.period, e.municipalities
    HAVING bool_or(r.reporting_area = f.area) OR count(DISTINCT f.area) = e.municipalities
),

shared AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        sum(f.population) AS population,
        sum(f.foreigners) AS foreigners
    FROM core.fact_foreigners AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area AND (r.reporting_area = f.area OR NOT f.is_county_known)
    INNER JOIN expected AS e ON e.area = r.reporting_area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.reported_on = p.last_day
    GROUP BY r.reporting_area, p.period, e.municipalities
    HAVING bool_or(r.reporting_area = f.area) OR count(DISTINCT f.area) = e.municipalities
),

women AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        sum(f.foreigners) AS foreigners,
        sum(f.foreigners_female) AS foreigners_female
    FROM core.fact_foreigners AS f
    INNER JOIN core.dim_area AS a ON a.area = f.area AND NOT a.is_county
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN expected AS e ON e.area = r.reporting_area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.reported_on = p.last_day
    WHERE f.foreigners_female IS NOT NULL
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
        ('population', NULL, NULL, g.population, g.population)
) AS v (indicator_id, numerator, denominator, value, n)
UNION ALL
SELECT
    v.indicator_id,
    s.area,
    s.period,
    s.breakdown,
    v.numerator,
    v.denominator,
    v.value,
    v.n
FROM shared AS s
CROSS JOIN LATERAL (
    VALUES
        ('foreigners_rate', s.foreigners, s.population, s.foreigners / nullif(s.population, 0), s.population)
) AS v (indicator_id, numerator, denominator, value, n)
UNION ALL
SELECT
    v.indicator_id,
    w.area,
    w.period,
    w.breakdown,
    v.numerator,
    v.denominator,
    v.value,
    v.n
FROM women AS w
CROSS JOIN LATERAL (
    VALUES
        (
            'foreigners_female_rate',
            w.foreigners_female,
            w.foreigners,
            w.foreigners_female / nullif(w.foreigners, 0),
            w.foreigners
        )
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
