-- Indikatoren des Angebotsverzeichnisses am Jahresende, je Gebiet und Thema, ohne Zeilen mit 0; leer, wo nichts
-- gemeldet ist (frei sind Plätze nur, wo auch die belegten angegeben sind).
WITH in_force AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.theme AS breakdown,
        count(*) AS offers,
        sum(f.capacity) AS capacity,
        count(f.capacity) AS rows_with_capacity,
        sum(f.free_places) AS free_places,
        count(f.free_places) AS rows_with_free_places
    FROM core.fact_offer AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.valid_from <= p.last_day AND (f.valid_to IS NULL OR f.valid_to >= p.last_day)
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
FROM in_force AS g
CROSS JOIN LATERAL (
    VALUES
        ('offers', NULL::DOUBLE, NULL::DOUBLE, g.offers, g.offers),
        ('offers_capacity', NULL, NULL, g.capacity, g.rows_with_capacity),
        ('offers_free', NULL, NULL, g.free_places, g.rows_with_free_places)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
