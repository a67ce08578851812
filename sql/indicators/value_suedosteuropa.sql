-- Indikatoren des Förderprogramms Südosteuropa, je Gebiet, Jahr und Thema, ohne Zeilen mit 0.
WITH contacted AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.theme AS breakdown,
        count(*) AS contacts,
        count(DISTINCT f.person) AS persons
    FROM core.fact_contact AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.contacted_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period, ROLLUP (f.theme)
    HAVING GROUPING(f.theme) = 1 OR f.theme IS NOT NULL
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
FROM contacted AS g
CROSS JOIN LATERAL (
    VALUES
        ('soe_contacts', NULL::DOUBLE, NULL::DOUBLE, g.contacts, g.contacts),
        ('soe_persons', NULL::DOUBLE, NULL::DOUBLE, g.persons, g.persons)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
