-- Ob es eine Lücke gibt und der Anteil stehen nur, wo die Zahlen stehen.
-- asset: published.language_gap
SELECT
    g.period,
    g.area,
    g.language
FROM published.language_gap AS g
WHERE g.unfilled IS NULL AND (g.gap IS NOT NULL OR g.coverage_rate IS NOT NULL)
