-- Kontakte des Förderprogramms Südosteuropa.
SELECT
    s.contact_no,  -- Kontaktnummer
    s.person,  -- Person (Pseudonym)
    s.municipality AS area,  -- Gebiet
    s.contacted_on,  -- Datum
    s.theme,  -- Thema
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.suedosteuropa_contacts AS s
ORDER BY s.source_file, s.source_sheet, s.source_row
