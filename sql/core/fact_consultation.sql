-- Schulische Erstberatungen.
SELECT
    s.consultation_no,  -- Beratungsnummer
    s.municipality AS area,  -- Wohnort
    s.consulted_on,  -- Beratung am
    s.school_start_on,  -- Schulaufnahme am
    s.school_type,  -- Schulform
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.schulische_erstberatung_consultations AS s
ORDER BY s.source_file, s.source_sheet, s.source_row
