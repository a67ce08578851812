-- Indikatoren des Besuchsdienstes, je Gebiet, Jahr und Sprache, ohne Zeilen mit 0.
WITH visited AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.language AS breakdown,
        count(*) AS visits,
        sum(f.hours ORDER BY f.hours) AS hours,
        count(f.hours) AS rows_with_hours
    FROM staging.besuchsdienst_visits AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.municipality
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.visited_on BETWEEN p.first_day AND p.last_day
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
FROM visited AS g
CROSS JOIN LATERAL (
    VALUES
        ('besuche', NULL::DOUBLE, NULL::DOUBLE, g.visits, g.visits),
        ('besuche_hours', NULL, NULL, g.hours, g.rows_with_hours)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
