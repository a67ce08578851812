-- Sprachmittlerpool: Anfragen, aus den Lieferungen, die zählen.
SELECT
    r.request_no,  -- Anfragenummer
    r.requested_on,  -- Anfragedatum
    r.assigned_on,  -- Einsatzdatum
    r.municipality,  -- Einsatzort
    r.language,  -- Sprache
    r.institution,  -- Einrichtung
    r.sector,  -- Einsatzbereich
    r.hours,  -- Dauer in Stunden
    r.fee_eur,  -- Honorar in Euro
    r.interpreter,  -- Sprachmittler/in (Pseudonym)
    r.status,  -- Status
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.sprachmittlerpool_requests AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'sprachmittlerpool'
    AND w.table_name = 'requests'
    AND w.file = r.source_file
    AND w.part = r.source_part
    AND r.requested_on BETWEEN w.first_day AND w.last_day
ORDER BY r.source_file, r.source_sheet, r.source_row
