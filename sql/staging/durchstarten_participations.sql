-- Durchstarten in Ausbildung und Arbeit: Teilnahmen, aus der Gesamtliste mit dem jüngsten Stand.
SELECT
    r.participant,  -- Teilnehmer/in (Pseudonym)
    r.module,  -- Baustein
    r.entered_on,  -- Eintritt
    r.left_on,  -- Austritt
    r.residence_status,  -- Aufenthaltsstatus
    r.municipality,  -- Wohnort
    r.outcome,  -- Verbleib
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.durchstarten_participations AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'durchstarten'
    AND w.table_name = 'participations'
    AND w.file = r.source_file
    AND w.part = r.source_part
ORDER BY r.source_file, r.source_sheet, r.source_row
