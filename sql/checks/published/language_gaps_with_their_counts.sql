-- Der Anteil steht nur, wo die Zahlen stehen, und ob es eine Lücke gibt nur, wo es aus dem folgt, was dasteht.
-- asset: published.language_gap
SELECT
    g.period,
    g.area,
    g.language
FROM published.language_gap AS g
WHERE
    g.unfilled IS NULL
    AND (g.gap OR g.coverage_rate IS NOT NULL OR (NOT g.gap AND coalesce(g.requests >= 3, TRUE)))
