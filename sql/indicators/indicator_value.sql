-- Werte aller Indikatoren je Gebiet, Zeitraum und Gliederung.
WITH per_1000 AS (
    SELECT
        i.indicator_id,
        v.area,
        v.period,
        v.value AS numerator,
        coalesce(f.numerator, f.value) AS base,
        v.n
    FROM indicators.indicator AS i
    INNER JOIN indicators.base_value AS v ON v.indicator_id = i.per_1000_of AND v.breakdown_kind = 'total'
    INNER JOIN core.calendar_period AS p ON p.period = v.period AND p.calendar = 'year'
    INNER JOIN indicators.base_value AS f
        ON f.indicator_id = CASE i.per_1000_base WHEN 'foreigners' THEN 'foreigners_rate' ELSE i.per_1000_base END
        AND f.area = v.area AND f.period = v.period AND coalesce(f.numerator, f.value) > 0
    WHERE i.aggregation = 'per_1000'
)

SELECT
    b.indicator_id,  -- Kennung des Indikators
    b.area,  -- Gebiet
    b.period,  -- Zeitraum: 2023, 2023-Q1 oder 2022/23
    b.breakdown_kind,  -- Gliederung, oder total
    b.breakdown,  -- Gliederungsmerkmal; leer bei total
    b.numerator,  -- Zähler, bei Quoten und Werten je 1.000
    b.denominator,  -- Nenner, bei Quoten und Werten je 1.000
    b.value,  -- Wert
    b.n  -- Zahl der Zeilen oder Einheiten, auf denen er beruht
FROM indicators.base_value AS b
UNION ALL
SELECT
    p.indicator_id,
    p.area,
    p.period,
    'total',
    '',
    p.numerator,
    p.base,
    p.numerator / p.base * 1000,
    p.n
FROM per_1000 AS p
ORDER BY 1, 2, 3, 4, 5
