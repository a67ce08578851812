-- Ob es eine Lücke gibt und der Anteil stehen nur, wo die Bedarfe stehen.
-- asset: published.offer_gap
SELECT
    g.period,
    g.area,
    g.theme
FROM published.offer_gap AS g
WHERE
    (g.unmet_needs IS NULL AND (g.gap IS NOT NULL OR g.unmet_rate IS NOT NULL))
    OR (g.needs IS NULL AND g.unmet_rate IS NOT NULL)
