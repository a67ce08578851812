-- Eine Bewilligung aus KOMM-AN NRW ist nicht Anzahl mal Festbetrag: dem der Zeile, sonst dem bestätigten ihres Jahres.
-- asset: core.fact_grant
SELECT
    f.source_file,
    f.source_sheet,
    f.source_row,
    f.grant_no,
    f.granted_eur,
    f.fixed_eur
FROM core.fact_grant AS f
WHERE abs(f.granted_eur - f.fixed_eur) > 0.01
ORDER BY f.source_file, f.source_sheet, f.source_row
