-- Förderungen aus KOMM-AN NRW.
SELECT
    s.grant_no,  -- Antragsnummer
    s.municipality AS area,  -- Gebiet
    w.last_day AS reported_on,  -- Letzter Tag des Berichtszeitraums
    t.form AS recipient,  -- Träger, in der Form, in der verglichen wird
    s.module,  -- Baustein
    (
        s.quantity * coalesce(
            s.rate_eur,
            (
                SELECT max(r.rate_eur)
                FROM vocabulary.komm_an_rate AS r
                WHERE
                    r.is_confirmed
                    AND r.sub_module = s.sub_module
                    AND year(w.last_day) BETWEEN coalesce(r.from_year, 0) AND coalesce(r.to_year, 9999)
            )
        )
    )::DECIMAL(18, 6) AS fixed_eur,  -- Anzahl mal Festbetrag, dem der Zeile oder dem bestätigten; leer, wenn unbekannt
    s.granted_eur,  -- Bewilligt in Euro
    s.paid_eur,  -- Ausgezahlt in Euro; leer, wenn nicht gemeldet
    s.returned_eur,  -- Rückfluss in Euro; leer, wenn nicht gemeldet
    (s.granted_eur - coalesce(s.paid_eur, 0))::DECIMAL(18, 6) AS unpaid_eur,  -- Bewilligt und nicht ausgezahlt
    (coalesce(s.paid_eur, 0) - coalesce(s.returned_eur, 0))::DECIMAL(18, 6)
        AS spent_eur,  -- Ausgezahlt abzüglich Rückfluss
    s.participants,  -- Teilnehmende
    s.volunteers,  -- Ehrenamtliche
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.komm_an_grants AS s
LEFT JOIN quality.compared_text AS t ON t.text = s.organisation
INNER JOIN quality.counting_window AS w
    ON w.programme = 'komm_an'
    AND w.table_name = 'grants'
    AND w.file = s.source_file
    AND w.part = s.source_part
ORDER BY s.source_file, s.source_sheet, s.source_row
