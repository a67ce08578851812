-- Wo nichts gemeldet ist: es gibt Zeilen, die in eine Summe eingingen, aber keine hat dort eine Angabe. Solche Summen
-- haben keinen Wert, auch nicht 0, und ebenso Quoten, deren Zähler eine solche Summe ist.
SELECT
    v.indicator_id,  -- Kennung des Indikators
    v.area,  -- Gebiet
    v.period,  -- Zeitraum
    CASE WHEN v.breakdown IS NULL THEN 'total' ELSE i.breakdown_kind END
        AS breakdown_kind,  -- Gliederung, oder total
    coalesce(v.breakdown, '') AS breakdown,  -- Gliederungsmerkmal; leer bei total
    v.denominator  -- Nenner einer Quote, die keinen Zähler hat
FROM indicators.all_values AS v
INNER JOIN indicators.indicator AS i ON i.indicator_id = v.indicator_id
INNER JOIN indicators.covered_period AS c ON c.indicator_id = v.indicator_id AND c.period = v.period
WHERE
    (v.breakdown IS NULL OR i.breakdown_kind IS NOT NULL)
    AND CASE i.aggregation
        WHEN 'sum' THEN v.value IS NULL
        WHEN 'rate' THEN v.numerator IS NULL AND v.denominator > 0
        ELSE FALSE
    END
ORDER BY 1, 2, 3, 4, 5
