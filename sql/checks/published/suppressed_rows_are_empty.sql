-- Eine geheime Zeile trägt weder Wert noch Zähler, Nenner, n oder Klasse.
-- asset: published.indicator_value
SELECT
    v.indicator_id,
    v.area,
    v.period,
    v.breakdown
FROM published.indicator_value AS v
WHERE
    v.status NOT IN ('published', 'suppressed')
    OR (
        v.status = 'suppressed'
        AND (coalesce(v.value, v.numerator, v.denominator, v.n) IS NOT NULL OR v.n_class IS NOT NULL)
    )
