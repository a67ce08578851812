-- Indikatoren der Schulischen Erstberatung, je Gebiet, Schuljahr und Schulform, ohne Zeilen mit 0.
WITH consulted AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.school_type AS breakdown,
        count(*) AS consultations,
        median(f.school_start_on - f.consulted_on) AS wait_days,
        count(f.school_start_on) AS rows_with_wait,
        count(*) FILTER (f.school_start_on IS NULL OR f.school_start_on > p.last_day) AS without_school
    FROM core.fact_consultation AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'school_year'
        AND f.consulted_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period, ROLLUP (f.school_type)
    HAVING GROUPING(f.school_type) = 1 OR f.school_type IS NOT NULL
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
FROM consulted AS g
CROSS JOIN LATERAL (
    VALUES
        ('erstberatung_consultations', NULL::DOUBLE, NULL::DOUBLE, g.consultations, g.consultations),
        ('erstberatung_school_wait_days', NULL, NULL, g.wait_days, g.rows_with_wait),
        ('erstberatung_without_school', NULL::DOUBLE, NULL::DOUBLE, g.without_school, g.without_school)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
