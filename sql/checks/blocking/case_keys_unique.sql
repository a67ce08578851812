-- Fälle, Stationen und Bedarfe sind durch ihre Schlüssel eindeutig bestimmt.
-- asset: core.fact_case
SELECT
    'case' AS record,
    f.source_file,
    min(f.source_row) AS first_row,
    count(*) AS copies
FROM core.fact_case AS f
GROUP BY f.case_no, f.source_file
HAVING count(*) > 1
UNION ALL
SELECT
    'station',
    f.source_file,
    min(f.source_row),
    count(*)
FROM core.fact_station AS f
GROUP BY f.case_no, f.step, f.source_file
HAVING count(*) > 1
UNION ALL
SELECT
    'need',
    f.source_file,
    min(f.source_row),
    count(*)
FROM core.fact_need AS f
GROUP BY f.case_no, f.theme, f.identified_on, f.source_file
HAVING count(*) > 1
