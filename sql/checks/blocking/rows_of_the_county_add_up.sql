-- Anzahlen des Kreises sind die Summe der Gemeinden und der beim Kreis verorteten Zeilen.
-- asset: indicators.indicator_value
WITH counted_row (indicator_id, area, counted_on) AS (
    SELECT 'smp_requests', f.area, f.requested_on
    FROM core.fact_interpreter_request AS f
    UNION ALL
    SELECT 'kim_cases_registered', f.area, f.registered_on
    FROM core.fact_case AS f
    UNION ALL
    SELECT 'kim_cases_opened', f.area, f.opened_on
    FROM core.fact_case AS f
    UNION ALL
    SELECT 'kim_cases_closed', f.area, f.closed_on
    FROM core.fact_case AS f
    UNION ALL
    SELECT 'kim_needs', f.area, f.identified_on
    FROM core.fact_need AS f
    UNION ALL
    SELECT 'kim_handovers', f.area, f.handed_over_on
    FROM core.fact_handover AS f
    UNION ALL
    SELECT 'komm_an_projects', f.area, f.reported_on
    FROM core.fact_grant AS f
    UNION ALL
    SELECT 'fit_groups', f.area, f.reported_on
    FROM core.fact_fit_group AS f
    UNION ALL
    SELECT 'paten_started', f.area, f.started_on
    FROM core.fact_mentorship AS f
    UNION ALL
    SELECT 'erstberatung_consultations', f.area, f.consulted_on
    FROM core.fact_consultation AS f
    UNION ALL
    SELECT 'fortbildung_events', f.area, f.held_on
    FROM core.fact_training_event AS f
    UNION ALL
    SELECT 'soe_contacts', f.area, f.contacted_on
    FROM core.fact_contact AS f
    UNION ALL
    SELECT 'durchstarten_entries', f.area, f.entered_on
    FROM core.fact_participation AS f
),

placed_at_county AS (
    SELECT
        c.indicator_id,
        p.period,
        count(*) FILTER (a.is_county) AS county_rows
    FROM counted_row AS c
    INNER JOIN core.dim_area AS a ON a.area = c.area
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
    r.county_rows
FROM counted AS c
INNER JOIN placed_at_county AS r ON r.indicator_id = c.indicator_id AND r.period = c.period
WHERE c.county <> c.municipalities + r.county_rows
