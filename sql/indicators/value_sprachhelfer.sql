-- Indikatoren des Sprachhelferprojekts, je Gebiet und Jahr, ohne Zeilen mit 0; leer, wo nichts gemeldet ist.
WITH placed AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        NULL::VARCHAR AS breakdown,
        sum(f.hours_delivered ORDER BY f.hours_delivered) AS delivered,
        count(f.hours_delivered) AS rows_with_delivered,
        sum(f.hours_granted ORDER BY f.hours_granted) AS granted,
        count(*) AS placements,
        sum(f.children) AS children,
        count(f.children) AS rows_with_children
    FROM core.fact_placement AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.reported_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period
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
FROM placed AS g
CROSS JOIN LATERAL (
    VALUES
        ('sprachhelfer_hours', NULL, NULL, g.delivered, g.rows_with_delivered),
        ('sprachhelfer_delivery_rate', g.delivered, g.granted, g.delivered / nullif(g.granted, 0), g.placements),
        ('sprachhelfer_children', NULL, NULL, g.children, g.rows_with_children)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
