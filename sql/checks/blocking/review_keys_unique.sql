-- Jede Maßnahme mit KI-Beteiligung hat genau einen Vorschlag mit einem Grund.
-- asset: indicators.measure_review
SELECT
    m.concept,
    m.measure_no,
    count(r.measure_no) AS suggestions
FROM core.fact_measure AS m
LEFT JOIN indicators.measure_review AS r
    ON r.concept = m.concept AND r.measure_no = m.measure_no AND r.reason <> ''
WHERE m.ki_involved
GROUP BY m.concept, m.measure_no
HAVING count(r.measure_no) <> 1
