-- KOMM-AN NRW: Förderungen, aus den Lieferungen, die zählen.
SELECT
    r.grant_no,  -- Antragsnummer
    r.organisation,  -- Träger
    r.municipality,  -- Kommune
    r.module,  -- Baustein
    r.title,  -- Maßnahme
    r.granted_eur,  -- Bewilligt in Euro
    r.paid_eur,  -- Ausgezahlt in Euro
    r.returned_eur,  -- Rückfluss in Euro
    r.participants,  -- Teilnehmende
    r.volunteers,  -- Ehrenamtliche
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.komm_an_grants AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'komm_an'
    AND w.table_name = 'grants'
    AND w.file = r.source_file
    AND w.part = r.source_part
ORDER BY r.source_file, r.source_sheet, r.source_row
