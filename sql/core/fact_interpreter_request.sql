-- Anfragen an den Sprachmittlerpool.
SELECT
    s.municipality AS area,  -- Gebiet des Einsatzes
    s.requested_on,  -- Anfragedatum
    s.assigned_on,  -- Einsatzdatum
    s.language,  -- Sprache (ISO 639-3)
    s.sector,  -- Einsatzbereich; leer, wenn nicht genannt
    s.status,  -- Ergebnis: done, cancelled oder unfilled
    s.hours,  -- Dauer in Stunden
    s.fee_eur,  -- Honorar in Euro
    s.interpreter,  -- Sprachmittler/in (Pseudonym)
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.sprachmittlerpool_requests AS s
ORDER BY s.source_file, s.source_sheet, s.source_row
