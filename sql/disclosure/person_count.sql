-- Wie viele verschiedene Personen oder Fälle hinter einer Zelle stehen, wo eine Person oder ein Fall mehrmals zählen
-- kann; wonach gezählt wird, sagt der Katalog (persons). Zeilen ohne Pseudonym zählen als je eine Person.
WITH counted (count_id, calendar, area, since, until, breakdown, person, source_file, source_sheet, source_row) AS (
    SELECT c.count_id, 'year', f.area, f.handed_over_on, NULL::DATE, f.interface, f.case_no, f.source_file,
        f.source_sheet, f.source_row
    FROM core.fact_handover AS f
    CROSS JOIN LATERAL (
        VALUES
            ('kim_handovers'), ('kim_handover_wait_days'),
            ('kim_handover_delayed_rate.' || CASE WHEN f.wait_days > 30 THEN 'numerator' ELSE 'difference' END)
    ) AS c (count_id)
    UNION ALL
    SELECT 'kim_hurdles', 'year', f.area, f.started_on, NULL, f.hurdle, f.case_no, f.source_file, f.source_sheet,
        f.source_row
    FROM core.fact_station AS f
    WHERE f.hurdle IS NOT NULL
    UNION ALL
    SELECT c.count_id, 'year', f.area, f.identified_on, NULL, f.theme, f.case_no, f.source_file, f.source_sheet,
        f.source_row
    FROM core.fact_need AS f
    CROSS JOIN LATERAL (
        VALUES
            ('kim_needs'),
            (CASE WHEN f.is_unmet THEN 'kim_needs_unmet' ELSE 'kim_needs_unmet_rate.difference' END)
    ) AS c (count_id)
    UNION ALL
    SELECT 'kim_needs_cover_days', 'year', f.area, f.resolved_on, NULL, f.theme, f.case_no, f.source_file,
        f.source_sheet, f.source_row
    FROM core.fact_need AS f
    WHERE f.outcome = 'gedeckt'
    UNION ALL
    SELECT 'soe_contacts', 'year', f.area, f.contacted_on, NULL, f.theme, f.person, f.source_file, f.source_sheet,
        f.source_row
    FROM core.fact_contact AS f
    UNION ALL
    SELECT 'durchstarten_entries', 'year', f.area, f.entered_on, NULL, f.module, f.participant, f.source_file,
        f.source_sheet, f.source_row
    FROM core.fact_participation AS f
    UNION ALL
    SELECT 'durchstarten_active', 'year', f.area, f.entered_on, coalesce(f.left_on, DATE '9999-12-31'), NULL,
        f.participant, f.source_file, f.source_sheet, f.source_row
    FROM core.fact_participation AS f
    UNION ALL
    SELECT c.count_id, 'year', f.area, f.left_on, NULL, f.module, f.participant, f.source_file, f.source_sheet,
        f.source_row
    FROM core.fact_participation AS f
    CROSS JOIN LATERAL (
        VALUES
            ('durchstarten_success_rate.denominator'),
            (
                'durchstarten_success_rate.'
                || CASE WHEN f.outcome IN ('Ausbildung', 'Arbeit', 'Schule') THEN 'numerator' ELSE 'difference' END
            )
    ) AS c (count_id)
    UNION ALL
    SELECT 'paten_started', 'year', f.area, f.started_on, NULL, NULL, f.mentee, f.source_file, f.source_sheet,
        f.source_row
    FROM core.fact_mentorship AS f
    UNION ALL
    SELECT 'paten_active', 'year', f.area, f.started_on, coalesce(f.ended_on, DATE '9999-12-31'), NULL, f.mentee,
        f.source_file, f.source_sheet, f.source_row
    FROM core.fact_mentorship AS f
    UNION ALL
    SELECT c.count_id, 'year', f.area, f.ended_on, NULL, NULL, f.mentee, f.source_file, f.source_sheet, f.source_row
    FROM core.fact_mentorship AS f
    CROSS JOIN LATERAL (
        VALUES
            ('paten_transition_rate.denominator'),
            (
                'paten_transition_rate.'
                || CASE
                    WHEN f.outcome IN ('Ausbildung', 'Weiterführende Schule', 'Arbeit') THEN 'numerator'
                    ELSE 'difference'
                END
            )
    ) AS c (count_id)
    UNION ALL
    SELECT h.count_id, h.calendar, f.area, f.requested_on, NULL, f.language, f.interpreter, f.source_file,
        f.source_sheet, f.source_row
    FROM core.fact_interpreter_request AS f
    CROSS JOIN LATERAL (
        VALUES
            ('smp_hours', 'year', f.hours), ('smp_hours', 'quarter', f.hours), ('smp_fees_eur', 'year', f.fee_eur)
    ) AS h (count_id, calendar, amount)
    WHERE f.status = 'done' AND h.amount > 0
)

SELECT
    c.count_id,  -- Die Zahl, Summe oder der Median
    r.reporting_area AS area,  -- Gebiet
    p.period,  -- Zeitraum
    coalesce(c.breakdown, '') AS breakdown,  -- Gliederungsmerkmal; leer für alle zusammen
    count(DISTINCT coalesce(c.person, concat_ws('|', '', c.source_file, c.source_sheet, c.source_row)))
        AS persons  -- Zahl der verschiedenen Personen oder Fälle
FROM counted AS c
INNER JOIN core.area_rollup AS r ON r.area = c.area
INNER JOIN core.calendar_period AS p
    ON p.calendar = c.calendar
    AND CASE
        WHEN c.until IS NULL THEN c.since BETWEEN p.first_day AND p.last_day
        ELSE c.since <= p.last_day AND c.until > p.last_day
    END
GROUP BY GROUPING SETS (
    (c.count_id, r.reporting_area, p.period),
    (c.count_id, r.reporting_area, p.period, c.breakdown)
)
HAVING GROUPING(c.breakdown) = 1 OR c.breakdown IS NOT NULL
ORDER BY 1, 2, 3, 4
