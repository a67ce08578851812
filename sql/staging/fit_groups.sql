-- FIT (Frühkindliches Integrationstraining): Gruppen, aus den Lieferungen, die zählen.
SELECT
    r.group_no,  -- Gruppe
    r.programme,  -- Programm
    r.institution,  -- Einrichtung
    r.municipality,  -- Kommune
    r.languages,  -- Sprachen
    r.families,  -- Anzahl Familien
    r.children,  -- Anzahl Kinder
    r.meetings,  -- Anzahl Treffen
    r.guide,  -- Elternbegleitung (Pseudonym)
    r.started_on,  -- Beginn
    r.ended_on,  -- Ende
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.fit_groups AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'fit'
    AND w.table_name = 'groups'
    AND w.file = r.source_file
    AND w.part = r.source_part
ORDER BY r.source_file, r.source_sheet, r.source_row
