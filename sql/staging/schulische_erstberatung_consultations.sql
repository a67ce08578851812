-- Schulische Erstberatung: Beratungen, aus den Lieferungen, die zählen.
SELECT
    r.consultation_no,  -- Beratungsnummer
    r.consulted_on,  -- Beratung am
    r.age_years,  -- Alter bei der Beratung in Jahren
    r.nationality,  -- Herkunftsland
    r.language,  -- Erstsprache
    r.municipality,  -- Wohnort
    r.school_type,  -- Schulform
    r.school,  -- Zugewiesene Schule
    r.school_start_on,  -- Schulaufnahme
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.schulische_erstberatung_consultations AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'schulische_erstberatung'
    AND w.table_name = 'consultations'
    AND w.file = r.source_file
    AND w.part = r.source_part
    AND r.consulted_on BETWEEN w.first_day AND w.last_day
ORDER BY r.source_file, r.source_sheet, r.source_row
