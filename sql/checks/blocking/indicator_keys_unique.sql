-- Jeder Indikatorwert ist durch Indikator, Gebiet, Zeitraum und Gliederung eindeutig bestimmt.
-- asset: indicators.indicator_value
SELECT
    v.indicator_id,
    v.area,
    v.period,
    v.breakdown_kind,
    v.breakdown,
    count(*) AS copies
FROM indicators.indicator_value AS v
GROUP BY ALL
HAVING count(*) > 1
