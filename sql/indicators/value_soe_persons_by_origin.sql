-- Im Programm Südosteuropa erreichte Personen nach ihrer Staatsangehörigkeit beim jüngsten Kontakt des Jahres, nur für
-- den Kreis.
-- feature: origin_soe
WITH latest AS (
    SELECT
        s.*,
        k.area,
        p.period,
        CASE WHEN s.nationality IN ('ROU', 'BGR') THEN s.nationality ELSE 'XXX' END AS member
    FROM staging.suedosteuropa_contacts AS s
    INNER JOIN core.dim_area AS k ON k.is_county
    INNER JOIN core.calendar_period AS p
        ON p.calendar = 'year'
        AND s.contacted_on BETWEEN p.first_day AND p.last_day
    QUALIFY row_number() OVER (
        PARTITION BY s.person, p.period
        ORDER BY s.contacted_on DESC, s.contact_no DESC, s.source_file DESC, s.source_row DESC
    ) = 1
),

grouped AS (
    SELECT
        f.area,
        f.period,
        f.member AS breakdown,
        count(*) AS persons
    FROM latest AS f
    GROUP BY f.area, f.period, ROLLUP (f.member)
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
FROM grouped AS g
CROSS JOIN LATERAL (
    VALUES
        ('soe_persons_by_origin', NULL::DOUBLE, NULL::DOUBLE, g.persons, g.persons)
) AS v (indicator_id, numerator, denominator, value, n)
ORDER BY 1, 2, 3, 4
