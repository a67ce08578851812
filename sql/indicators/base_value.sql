-- Werte aller Indikatoren mit den Zeiträumen, die Lieferungen abdecken; Anzahlen und Summen auch, wo sie 0 sind;
-- wo nichts gemeldet ist (not_reported), steht keine Zeile.
-- Was beim Addieren von Kommazahlen übrig bleibt (unter 1e-9), ist 0.
WITH covered AS (
    SELECT
        i.indicator_id,
        i.aggregation,
        i.breakdown_kind,
        i.county_only,
        c.period
    FROM indicators.indicator AS i
    INNER JOIN indicators.covered_period AS c ON c.indicator_id = i.indicator_id
    WHERE i.aggregation <> 'per_1000'
),

measured AS (
    SELECT
        c.indicator_id,
        v.area,
        v.period,
        CASE WHEN v.breakdown IS NULL THEN 'total' ELSE c.breakdown_kind END AS breakdown_kind,
        coalesce(v.breakdown, '') AS breakdown,
        v.numerator,
        v.denominator,
        CASE WHEN abs(v.value) > 1e-9 THEN v.value ELSE 0 END AS value,
        v.n
    FROM indicators.all_values AS v
    INNER JOIN covered AS c ON c.indicator_id = v.indicator_id AND c.period = v.period
    WHERE
        (v.breakdown IS NULL OR c.breakdown_kind IS NOT NULL)
        AND CASE c.aggregation
            WHEN 'rate' THEN v.numerator IS NOT NULL AND v.denominator > 0
            WHEN 'median' THEN v.n > 0
            ELSE v.value IS NOT NULL AND (v.breakdown IS NULL OR abs(v.value) > 1e-9)
        END
),

zero AS (
    SELECT
        c.indicator_id,
        a.area,
        c.period
    FROM covered AS c
    INNER JOIN core.dim_area AS a ON a.is_county OR NOT c.county_only
    WHERE c.aggregation IN ('count', 'distinct', 'stock', 'sum')
    EXCEPT
    SELECT
        m.indicator_id,
        m.area,
        m.period
    FROM measured AS m
    WHERE m.breakdown_kind = 'total'
    EXCEPT
    SELECT
        u.indicator_id,
        u.area,
        u.period
    FROM indicators.not_reported AS u
    WHERE u.breakdown_kind = 'total'
)

SELECT
    m.indicator_id,  -- Kennung des Indikators
    m.area,  -- Gebiet
    m.period,  -- Zeitraum
    m.breakdown_kind,  -- Gliederung, oder total
    m.breakdown,  -- Gliederungsmerkmal; leer bei total
    m.numerator,  -- Zähler
    m.denominator,  -- Nenner
    m.value,  -- Wert
    m.n  -- Zahl der Zeilen oder Einheiten, auf denen er beruht
FROM measured AS m
UNION ALL
SELECT
    z.indicator_id,
    z.area,
    z.period,
    'total',
    '',
    NULL,
    NULL,
    0,
    0
FROM zero AS z
ORDER BY 1, 2, 3, 4, 5
