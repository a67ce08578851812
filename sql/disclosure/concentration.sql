-- Wie viele Personen zu einer Summe von Stunden oder Euro beitragen, und was die zwei größten davon ausmachen.
-- Summen, die keine Personen aufteilen (Förderstunden je Schule), stehen nicht hier. Zeilen ohne Pseudonym zählen als
-- je eine Person.
WITH contribution (count_id, calendar, area, reported_on, breakdown, contributor, amount) AS (
    SELECT
        'smp_hours',
        unnest(['year', 'quarter']),
        f.area,
        f.requested_on,
        f.language,
        coalesce(f.interpreter, concat_ws('|', '', f.source_file, f.source_sheet, f.source_row)),
        f.hours
    FROM core.fact_interpreter_request AS f
    WHERE f.status = 'done'
    UNION ALL
    SELECT
        'smp_fees_eur',
        'year',
        f.area,
        f.requested_on,
        NULL,
        coalesce(f.interpreter, concat_ws('|', '', f.source_file, f.source_sheet, f.source_row)),
        f.fee_eur
    FROM core.fact_interpreter_request AS f
    WHERE f.status = 'done'
    UNION ALL
    SELECT
        'sprachhelfer_hours',
        'year',
        f.area,
        f.reported_on,
        NULL,
        coalesce(f.helper, concat_ws('|', '', f.source_file, f.source_sheet, f.source_row)),
        f.hours_delivered
    FROM core.fact_placement AS f
    UNION ALL
    SELECT
        'sprachhelfer_delivery_rate.denominator',
        'year',
        f.area,
        f.reported_on,
        NULL,
        coalesce(f.helper, concat_ws('|', '', f.source_file, f.source_sheet, f.source_row)),
        f.hours_granted
    FROM core.fact_placement AS f
),

contributed AS (
    SELECT
        c.count_id,
        r.reporting_area AS area,
        p.period,
        coalesce(c.breakdown, '') AS breakdown,
        c.contributor,
        sum(c.amount ORDER BY c.amount) AS amount
    FROM contribution AS c
    INNER JOIN core.area_rollup AS r ON r.area = c.area
    INNER JOIN core.calendar_period AS p
        ON p.calendar = c.calendar AND c.reported_on BETWEEN p.first_day AND p.last_day
    WHERE c.amount > 0
    GROUP BY GROUPING SETS (
        (c.count_id, r.reporting_area, p.period, c.contributor),
        (c.count_id, r.reporting_area, p.period, c.contributor, c.breakdown)
    )
    HAVING GROUPING(c.breakdown) = 1 OR c.breakdown IS NOT NULL
)

SELECT
    c.count_id,  -- Die Summe
    c.area,  -- Gebiet
    c.period,  -- Zeitraum
    c.breakdown,  -- Gliederungsmerkmal; leer für alle zusammen
    count(*) AS contributors,  -- Zahl der Personen mit einem Beitrag
    list_sum(list_slice(list_reverse_sort(list(c.amount)), 1, 2)) / sum(c.amount ORDER BY c.amount)
        AS share_of_two  -- Anteil der beiden größten
FROM contributed AS c
GROUP BY c.count_id, c.area, c.period, c.breakdown
ORDER BY 1, 2, 3, 4
