-- Angebotsverzeichnis: Angebote, aus der Gesamtliste mit dem jüngsten Stand.
SELECT
    r.offer_no,  -- Angebotsnummer
    r.title,  -- Angebot
    r.provider,  -- Träger
    r.municipality,  -- Ort
    r.theme,  -- Handlungsfeld
    r.capacity,  -- Plätze
    r.occupied,  -- Belegte Plätze
    r.waitlist,  -- Warteliste
    r.valid_from,  -- Gültig ab
    r.valid_to,  -- Gültig bis
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.angebote_offers AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'angebote'
    AND w.table_name = 'offers'
    AND w.file = r.source_file
    AND w.part = r.source_part
ORDER BY r.source_file, r.source_sheet, r.source_row
