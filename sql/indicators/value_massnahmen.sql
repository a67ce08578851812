-- Indikatoren des Maßnahmenregisters im Jahr seines Standes, nur für den Kreis, je Konzept.
WITH registered AS (
    SELECT
        k.area,
        year(f.as_of)::VARCHAR AS period,
        f.concept AS breakdown,
        count(*) AS measures,
        count(*) FILTER (f.status IN ('umgesetzt', 'laufend')) AS implemented,
        count(*) FILTER (f.status <> 'entfallen') AS alive
    FROM core.fact_measure AS f
    INNER JOIN core.dim_area AS k ON k.is_county
    WHERE f.ki_involved
    GROUP BY k.area, year(f.as_of), ROLLUP (f.concept)
)

SELECT
    v.indicator_id,  -- Kennung des Indikators
    g.area,  -- Gebiet
    g.period,  -- Zeitraum
    g.breakdown,  -- Gliederungsmerkmal; leer für alle zusammen
    v.numerator,  -- Zähler
    v.denominator,  -- Nenner
    v.value,  -- Wert
    v.n  -- Zahl der Zeilen oder Einheiten, auf denen er beruht
FROM registered AS g
CROSS JOIN LATERAL (
    VALUES
        ('measures_ki', NULL::DOUBLE, NULL::DOUBLE, g.measures, g.measures),
        ('measures_implemented_rate', g.implemented, g.alive, g.implemented / nullif(g.alive, 0), g.alive)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
