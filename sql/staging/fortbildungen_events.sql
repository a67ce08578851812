-- Fortbildungen für pädagogische Fachkräfte: Veranstaltungen, aus den Lieferungen, die zählen.
SELECT
    r.event_no,  -- Kursnummer
    r.title,  -- Titel
    r.held_on,  -- Datum
    r.topic,  -- Thema
    r.municipality,  -- Veranstaltungsort
    r.hours,  -- Dauer in Stunden
    r.seats,  -- Plätze
    r.registrations,  -- Anmeldungen
    r.participants,  -- Teilnehmende
    r.rating,  -- Bewertung
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.fortbildungen_events AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'fortbildungen'
    AND w.table_name = 'events'
    AND w.file = r.source_file
    AND w.part = r.source_part
    AND r.held_on BETWEEN w.first_day AND w.last_day
ORDER BY r.source_file, r.source_sheet, r.source_row
