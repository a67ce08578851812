-- Förderprogramm Südosteuropa: Kontakte, aus den Lieferungen, die zählen.
SELECT
    r.contact_no,  -- Kontaktnummer
    r.contacted_on,  -- Datum
    r.person,  -- Person (Pseudonym)
    r.nationality,  -- Staatsangehörigkeit
    r.municipality,  -- Ort
    r.theme,  -- Thema
    r.channel,  -- Art
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.suedosteuropa_contacts AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'suedosteuropa'
    AND w.table_name = 'contacts'
    AND w.file = r.source_file
    AND w.part = r.source_part
    AND r.contacted_on BETWEEN w.first_day AND w.last_day
ORDER BY r.source_file, r.source_sheet, r.source_row
