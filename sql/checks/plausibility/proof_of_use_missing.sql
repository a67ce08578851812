-- Nach dem 31. März des Folgejahres ist zu einer Bewilligung aus KOMM-AN NRW noch keine Auszahlung gemeldet.
-- asset: core.fact_grant
SELECT
    f.source_file,
    f.source_sheet,
    f.source_row,
    year(f.reported_on) AS reported_year
FROM core.fact_grant AS f
INNER JOIN quality.build_day AS d ON d.built_on > make_date(year(f.reported_on) + 1, 3, 31)
WHERE f.paid_eur IS NULL
ORDER BY f.source_file, f.source_sheet, f.source_row
