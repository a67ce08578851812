-- Fälle des KIM Case Managements.
SELECT
    s.case_no,  -- Fall (Pseudonym)
    s.municipality AS area,  -- Wohnort
    s.registered_on,  -- Anmeldung am
    s.first_talk_on,  -- Erstgespräch am
    s.opened_on,  -- Fallaufnahme am
    s.closed_on,  -- Fallabschluss am
    s.closing_reason,  -- Grund des Abschlusses
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.kim_case_management_cases AS s
ORDER BY s.source_file, s.source_sheet, s.source_row
