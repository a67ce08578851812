-- Der Anteil steht nur, wo die Bedarfe stehen, und ob es eine Lücke gibt nur, wo es aus dem folgt, was dasteht.
-- asset: published.offer_gap
SELECT
    g.period,
    g.area,
    g.theme
FROM published.offer_gap AS g
WHERE
    (g.unmet_needs IS NULL AND (g.gap OR g.unmet_rate IS NOT NULL))
    OR (g.unmet_needs IS NULL AND NOT g.gap AND coalesce(g.needs >= 3 AND g.needs > g.free_places, TRUE))
    OR (g.needs IS NULL AND g.unmet_rate IS NOT NULL)
