-- Eine geheime oder nicht gemeldete Zeile trägt weder Wert noch Zähler, Nenner, n oder Klasse; nicht gemeldet heißt nur
-- eine Zeile für alle zusammen.
-- asset: published.indicator_value
SELECT
    v.indicator_id,
    v.area,
    v.period,
    v.breakdown
FROM published.indicator_value AS v
WHERE
    v.status NOT IN ('published', 'suppressed', 'not_reported')
    OR (v.status = 'not_reported' AND v.breakdown_kind <> 'total')
    OR (
        v.status IN ('suppressed', 'not_reported')
        AND (coalesce(v.value, v.numerator, v.denominator, v.n) IS NOT NULL OR v.n_class IS NOT NULL)
    )
