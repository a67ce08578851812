-- Themen mit einer Lücke im Kreis, zu denen es keine lebende Maßnahme gibt: Kandidaten für „neu aufnehmen“.
WITH calendar_year AS (
    SELECT p.period
    FROM core.calendar_period AS p
    INNER JOIN (SELECT max(m.as_of) AS as_of FROM core.fact_measure AS m) AS r ON p.last_day <= r.as_of
    WHERE p.calendar = 'year'
    ORDER BY p.last_day DESC
    LIMIT 1
)

SELECT
    g.theme,  -- Thema
    g.unmet_needs,  -- Ungedeckte Bedarfe
    g.free_places  -- Freie Plätze
FROM indicators.offer_gap AS g
INNER JOIN core.dim_area AS a ON a.area = g.area AND a.is_county
INNER JOIN calendar_year AS y ON y.period = g.period
WHERE
    g.gap
    AND NOT EXISTS (
        SELECT 1
        FROM core.fact_measure AS m
        WHERE m.theme = g.theme AND m.status IN ('umgesetzt', 'laufend', 'in Planung')
    )
ORDER BY g.theme
