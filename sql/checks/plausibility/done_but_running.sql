-- Eine Maßnahme läuft nach dem Register noch, obwohl ihre Beendigung beschlossen und als erledigt gemeldet ist.
-- asset: indicators.measure_decision
SELECT
    d.concept,
    d.measure_no,
    d.decision_no,
    d.done_on,
    m.as_of
FROM indicators.measure_decision AS d
INNER JOIN core.fact_measure AS m ON m.concept = d.concept AND m.measure_no = d.measure_no
WHERE d.is_binding AND d.decision = 'beenden' AND d.done_on IS NOT NULL AND m.status = 'laufend'
ORDER BY d.concept, d.measure_no
