-- Indikatoren der Fortbildungen, je Gebiet, Jahr und Thema, ohne Zeilen mit 0.
WITH held AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.topic AS breakdown,
        count(*) AS events,
        sum(f.participants) AS participants,
        sum(f.participants) FILTER (f.seats IS NOT NULL) AS seated,
        sum(f.seats) AS seats,
        count(f.seats) AS rows_with_seats
    FROM core.fact_training_event AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.held_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period, ROLLUP (f.topic)
    HAVING GROUPING(f.topic) = 1 OR f.topic IS NOT NULL
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
FROM held AS g
CROSS JOIN LATERAL (
    VALUES
        ('fortbildung_events', NULL::DOUBLE, NULL::DOUBLE, g.events, g.events),
        ('fortbildung_participants', NULL, NULL, g.participants, g.events),
        ('fortbildung_fill_rate', g.seated, g.seats, g.seated / nullif(g.seats, 0), g.rows_with_seats)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
