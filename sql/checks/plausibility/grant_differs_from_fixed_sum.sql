-- Eine Bewilligung aus KOMM-AN NRW ist nicht Anzahl mal Festbetrag: dem der Zeile, sonst dem bestätigten ihres Jahres.
-- asset: core.fact_grant
WITH rated AS (
    SELECT
        f.source_file,
        f.source_sheet,
        f.source_row,
        f.grant_no,
        f.granted_eur,
        f.quantity,
        f.rate_eur,
        max(r.rate_eur) AS confirmed_eur
    FROM core.fact_grant AS f
    LEFT JOIN vocabulary.komm_an_rate AS r
        ON r.is_confirmed
        AND r.sub_module = f.sub_module
        AND year(f.reported_on) BETWEEN coalesce(r.from_year, 0) AND coalesce(r.to_year, 9999)
    WHERE f.quantity IS NOT NULL
    GROUP BY ALL
),

fixed AS (
    SELECT
        r.*,
        round(r.quantity * coalesce(r.rate_eur, r.confirmed_eur), 2) AS fixed_eur
    FROM rated AS r
)

SELECT
    x.source_file,
    x.source_sheet,
    x.source_row,
    x.grant_no,
    x.granted_eur,
    x.fixed_eur
FROM fixed AS x
WHERE abs(x.granted_eur - x.fixed_eur) > 0.01
ORDER BY x.source_file, x.source_sheet, x.source_row
