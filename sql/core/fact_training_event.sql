-- Fortbildungen.
SELECT
    s.event_no,  -- Kursnummer
    s.municipality AS area,  -- Veranstaltungsort
    s.held_on,  -- Datum
    s.topic,  -- Thema
    s.seats,  -- Plätze
    s.participants,  -- Teilnehmende
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.fortbildungen_events AS s
ORDER BY s.source_file, s.source_sheet, s.source_row
