-- Anzahlen des Kreises sind die Summe der Gemeinden und der beim Kreis verorteten Zeilen.
-- asset: indicators.indicator_value
WITH county_row (indicator_id, counted_on) AS (
    SELECT 'smp_requests', f.requested_on
    FROM core.fact_interpreter_request AS f
    SEMI JOIN core.dim_area AS a ON a.area = f.area AND a.is_county
    UNION ALL
    SELECT 'kim_cases_registered', f.registered_on
    FROM core.fact_case AS f
    SEMI JOIN core.dim_area AS a ON a.area = f.area AND a.is_county
    UNION ALL
    SELECT 'kim_cases_opened', f.opened_on
    FROM core.fact_case AS f
    SEMI JOIN core.dim_area AS a ON a.area = f.area AND a.is_county
    UNION ALL
    SELECT 'kim_cases_closed', f.closed_on
    FROM core.fact_case AS f
    SEMI JOIN core.dim_area AS a ON a.area = f.area AND a.is_county
    UNION ALL
    SELECT 'kim_needs', f.identified_on
    FROM core.fact_need AS f
    SEMI JOIN core.dim_area AS a ON a.area = f.area AND a.is_county
    UNION ALL
    SELECT 'kim_handovers', f.handed_over_on
    FROM core.fact_handover AS f
    SEMI JOIN core.dim_area AS a ON a.area = f.area AND a.is_county
    UNION ALL
    SELECT 'komm_an_projects', f.reported_on
    FROM core.fact_grant AS f
    SEMI JOIN core.dim_area AS a ON a.area = f.area AND a.is_county
    UNION ALL
    SELECT 'fit_groups', f.reported_on
    FROM core.fact_fit_group AS f
    SEMI JOIN core.dim_area AS a ON a.area = f.area AND a.is_county
    UNION ALL
    SELECT 'paten_started', f.started_on
    FROM core.fact_mentorship AS f
    SEMI JOIN core.dim_area AS a ON a.area = f.area AND a.is_county
    UNION ALL
    SELECT 'erstberatung_consultations', f.consulted_on
    FROM core.fact_consultation AS f
    SEMI JOIN core.dim_area AS a ON a.area = f.area AND a.is_county
    UNION ALL
    SELECT 'fortbildung_events', f.held_on
    FROM core.fact_training_event AS f
    SEMI JOIN core.dim_area AS a ON a.area = f.area AND a.is_county
    UNION ALL
    SELECT 'soe_contacts', f.contacted_on
    FROM core.fact_contact AS f
    SEMI JOIN core.dim_area AS a ON a.area = f.area AND a.is_county
    UNION ALL
    SELECT 'durchstarten_entries', f.entered_on
    FROM core.fact_participation AS f
    SEMI JOIN core.dim_area AS a ON a.area = f.area AND a.is_county
),

placed_at_county AS (
    SELECT
        c.indicator_id,
        p.period,
        count(*) AS county_rows
    FROM county_row AS c
    INNER JOIN core.calendar_period AS p ON c.counted_on BETWEEN p.first_day AND p.last_day
    GROUP BY c.indicator_id, p.period
),

counted AS (
    SELECT
        v.indicator_id,
        v.period,
        sum(v.value) FILTER (a.is_county) AS county,
        sum(v.value) FILTER (NOT a.is_county) AS municipalities
    FROM indicators.indicator_value AS v
    INNER JOIN core.dim_area AS a ON a.area = v.area
    WHERE v.breakdown_kind = 'total'
    GROUP BY v.indicator_id, v.period
)

SELECT
    c.indicator_id,
    c.period,
    c.county,
    c.municipalities,
    coalesce(r.county_rows, 0) AS county_rows
FROM counted AS c
LEFT JOIN placed_at_county AS r ON r.indicator_id = c.indicator_id AND r.period = c.period
WHERE
    c.indicator_id IN (SELECT DISTINCT k.indicator_id FROM county_row AS k)
    AND c.county <> c.municipalities + coalesce(r.county_rows, 0)
