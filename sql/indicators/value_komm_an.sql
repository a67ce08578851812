-- Indikatoren aus KOMM-AN NRW, je Gebiet, Jahr und Baustein, ohne Zeilen mit 0. Leer, wo nichts gemeldet
-- ist: was ausgegeben wurde und was nicht, ohne eine einzige Auszahlung.
WITH granted AS (
    SELECT
        r.reporting_area AS area,
        p.period,
        f.module AS breakdown,
        count(*) AS projects,
        round(sum(f.granted_eur), 2) AS granted_eur,
        CASE WHEN count(f.paid_eur) > 0 THEN round(sum(f.spent_eur), 2) END AS spent_eur,
        CASE WHEN count(f.paid_eur) > 0 THEN round(sum(f.unpaid_eur), 2) END AS unpaid_eur,
        round(sum(f.paid_eur), 2) AS paid_eur,
        count(f.paid_eur) AS rows_with_paid,
        round(sum(f.returned_eur), 2) AS returned_eur,
        count(f.returned_eur) AS rows_with_returned,
        round(sum(f.returned_eur) FILTER (f.paid_eur IS NOT NULL), 2) AS returned_of_paid_eur,
        count(DISTINCT f.recipient) AS recipients,
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
        ('komm_an_paid_eur', NULL, NULL, g.paid_eur, g.rows_with_paid),
        ('komm_an_returned_eur', NULL, NULL, g.returned_eur, g.rows_with_returned),
        ('komm_an_unpaid_eur', NULL, NULL, g.unpaid_eur, g.projects),
        (
            'komm_an_return_rate',
            g.returned_of_paid_eur,
            g.paid_eur,
            g.returned_of_paid_eur / nullif(g.paid_eur, 0),
            g.rows_with_paid
        ),
        (
            'komm_an_paid_known_rate',
            g.rows_with_paid,
            g.projects,
            g.rows_with_paid / nullif(g.projects, 0),
            g.projects
        ),
        ('komm_an_recipients', NULL, NULL, g.recipients, g.recipients),
        ('komm_an_participants', NULL, NULL, g.participants, g.rows_with_participants),
        ('komm_an_volunteers', NULL, NULL, g.volunteers, g.rows_with_volunteers)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
