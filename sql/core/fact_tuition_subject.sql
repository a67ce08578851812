-- Förderunterricht je Schule und Fach: die größere Schülerzahl aus beiden Schulhalbjahren.
SELECT
    s.area,  -- Gebiet
    s.school,  -- Schule
    s.subject,  -- Fach
    s.reported_on,  -- Letzter Tag des Berichtszeitraums
    max(s.pupils) AS pupils,  -- Größere Zahl der Schüler/innen; leer, wenn beide fehlen
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM core.fact_tuition AS s
GROUP BY s.area, s.school, s.subject, s.reported_on, s.source_file, s.source_sheet, s.source_row
ORDER BY s.source_file, s.source_sheet, s.source_row
