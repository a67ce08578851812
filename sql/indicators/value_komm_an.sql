-- Indikatoren aus KOMM-AN NRW, je Gebiet, Jahr und Baustein, ohne Zeilen mit 0. Leer, wo nichts gemeldet
-- ist: was ausgegeben wurde, ohne eine einzige Auszahlung.
WITH granted AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.module AS breakdown,
        count(*) AS projects,
        round(sum(f.granted_eur), 2) AS granted_eur,
        CASE WHEN count(f.paid_eur) > 0 THEN round(sum(f.spent_eur), 2) END AS spent_eur,
        sum(f.participants) AS participants,
        count(f.participants) AS rows_with_participants,
        sum(f.volunteers) AS volunteers,
        count(f.volunteers) AS rows_with_volunteers
    FROM core.fact_grant AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND f.reported_on BETWEEN p.first_day AND p.last_day
    GROUP BY r.reporting_area, p.period, ROLLUP (f.module)
    HAVING GROUPING(f.module) = 1 OR f.module IS NOT NULL
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
FROM granted AS g
CROSS JOIN LATERAL (
    VALUES
        ('komm_an_projects', NULL::DOUBLE, NULL::DOUBLE, g.projects, g.projects),
        ('komm_an_granted_eur', NULL, NULL, g.granted_eur, g.projects),
        ('komm_an_spent_eur', NULL, NULL, g.spent_eur, g.projects),
        ('komm_an_spending_rate', g.spent_eur, g.granted_eur, g.spent_eur / nullif(g.granted_eur, 0), g.projects),
        ('komm_an_participants', NULL, NULL, g.participants, g.rows_with_participants),
        ('komm_an_volunteers', NULL, NULL, g.volunteers, g.rows_with_volunteers)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
