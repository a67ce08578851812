-- Teilnahmen an Durchstarten in Ausbildung und Arbeit.
SELECT
    s.participant,  -- Teilnehmer/in (Pseudonym)
    s.municipality AS area,  -- Wohnort
    s.module,  -- Baustein
    s.entered_on,  -- Eintritt
    s.left_on,  -- Austritt
    s.outcome,  -- Verbleib
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.durchstarten_participations AS s
ORDER BY s.source_file, s.source_sheet, s.source_row
