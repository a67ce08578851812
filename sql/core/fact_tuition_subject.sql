-- Förderunterricht je Schule, Fach und Schuljahr: die größere Schülerzahl aus beiden Schulhalbjahren, auch wenn diese
-- getrennt geliefert sind; mit der Zeile, aus der sie stammt.
WITH ranked AS (
    SELECT
        s.*,
        p.period AS school_year,
        (coalesce(s.pupils, -1), s.reported_on, s.source_file, s.source_sheet, s.source_row) AS rank
    FROM core.fact_tuition AS s
    LEFT JOIN core.calendar_period AS p
        ON p.calendar = 'school_year' AND s.reported_on BETWEEN p.first_day AND p.last_day
)

SELECT
    r.area,  -- Gebiet
    r.school,  -- Schule
    r.subject,  -- Fach
    arg_max(r.reported_on, r.rank) AS reported_on,  -- Letzter Tag des Berichtszeitraums
    max(r.pupils) AS pupils,  -- Größere Zahl der Schüler/innen; leer, wenn beide fehlen
    arg_max(r.source_file, r.rank) AS source_file,  -- Datei, aus der die Zeile stammt
    arg_max(r.source_sheet, r.rank) AS source_sheet,  -- Blatt, aus dem die Zeile stammt
    arg_max(r.source_row, r.rank) AS source_row  -- Zeile im Blatt
FROM ranked AS r
GROUP BY r.area, r.school, r.subject, r.school_year
ORDER BY 6, 7, 8
