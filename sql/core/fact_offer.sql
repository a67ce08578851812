-- Angebote der Integrationsarbeit.
SELECT
    s.offer_no,  -- Angebotsnummer
    s.municipality AS area,  -- Gebiet; Angebote beim Kreis dienen allen Gemeinden
    s.theme,  -- Thema
    s.capacity,  -- Plätze
    s.occupied,  -- Belegte Plätze
    CASE
        WHEN s.capacity >= s.occupied THEN s.capacity - s.occupied
        WHEN s.capacity < s.occupied THEN 0
    END AS free_places,  -- Freie Plätze; leer, wo eine der Angaben fehlt
    s.valid_from,  -- Gültig ab
    s.valid_to,  -- Gültig bis
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.angebote_offers AS s
ORDER BY s.source_file, s.source_sheet, s.source_row
