-- Jede Lücke ist durch Jahr, Gebiet und Thema oder Sprache eindeutig bestimmt.
-- asset: indicators.offer_gap
SELECT
    g.period,
    g.area,
    g.theme AS member,
    count(*) AS copies
FROM indicators.offer_gap AS g
GROUP BY ALL
HAVING count(*) > 1
UNION ALL
SELECT
    g.period,
    g.area,
    g.language,
    count(*)
FROM indicators.language_gap AS g
GROUP BY ALL
HAVING count(*) > 1
