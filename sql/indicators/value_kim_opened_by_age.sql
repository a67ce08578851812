-- Aufgenommene Fälle nach dem Alter bei der Aufnahme, je Jahr, nur für den Kreis.
-- feature: age
WITH opened AS (
    SELECT
        s.*,
        CASE WHEN s.age_group IN ('40-64', '65+') THEN '40+' ELSE s.age_group END AS member
    FROM staging.kim_case_management_cases AS s
),

grouped AS (
    SELECT
        k.area,
        p.period,
        f.member AS breakdown,
        count(*) AS cases
    FROM opened AS f
    INNER JOIN core.dim_area AS k ON k.is_county
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.opened_on BETWEEN p.first_day AND p.last_day
    GROUP BY k.area, p.period, ROLLUP (f.member)
    HAVING GROUPING(f.member) = 1 OR f.member IS NOT NULL
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
        ('kim_opened_by_age', NULL::DOUBLE, NULL::DOUBLE, g.cases, g.cases)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
