-- In der Liste eines Programms, das zu Ende ist, stehen noch Zeilen ohne Enddatum.
-- asset: core.dim_programme
WITH open_row (programme, source_file) AS (
    SELECT
        'durchstarten',
        f.source_file
    FROM core.fact_participation AS f
    WHERE f.left_on IS NULL
    UNION ALL
    SELECT
        'kim_case_management',
        f.source_file
    FROM core.fact_case AS f
    WHERE f.opened_on IS NOT NULL AND f.closed_on IS NULL
    UNION ALL
    SELECT
        'patenprojekt',
        f.source_file
    FROM core.fact_mentorship AS f
    WHERE f.ended_on IS NULL
)

SELECT
    o.programme,
    o.source_file,
    g.valid_to,
    count(*) AS open_rows
FROM open_row AS o
INNER JOIN core.dim_programme AS g ON g.programme = o.programme
INNER JOIN (
    SELECT
        d.programme,
        d.file,
        max(d.as_of) AS as_of
    FROM quality.delivery AS d
    GROUP BY d.programme, d.file
) AS d ON d.programme = o.programme AND d.file = o.source_file AND d.as_of >= g.valid_to
GROUP BY o.programme, o.source_file, g.valid_to
ORDER BY o.programme, o.source_file
