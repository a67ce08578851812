-- Aufgenommene Fälle nach Gruppen von Staatsangehörigkeiten, je Jahr, nur für den Kreis.
-- feature: origin
WITH opened AS (
    SELECT
        s.*,
        coalesce(n.origin, 'XXX') AS member
    FROM staging.kim_case_management_cases AS s
    LEFT JOIN core.dim_nationality AS n ON n.nationality = s.nationality
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
        ('kim_opened_by_origin', NULL::DOUBLE, NULL::DOUBLE, g.cases, g.cases)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
