-- Befunde je Lieferung und Regel: nur Anzahlen, keine Inhalte von Zellen.
SELECT
    f.programme,  -- Schlüssel des Programms
    f.file,  -- Datei der Lieferung
    d.status,  -- Ob die Lieferung zählt: counted, superseded oder rejected
    f.rule,  -- Regel
    f.severity,  -- Schwere: rejected, error, warning oder notice
    count(*) AS findings,  -- Zahl der Befunde
    count(DISTINCT (f.sheet, f.row)) AS affected_rows  -- Zahl der betroffenen Zeilen
FROM quality.finding AS f
INNER JOIN quality.delivery AS d ON d.programme = f.programme AND d.file = f.file
GROUP BY f.programme, f.file, d.status, f.rule, f.severity
ORDER BY f.programme, f.file, f.rule, f.severity
