-- Befunde in den Lieferungen, die zählen oder zurückgewiesen sind, je Programm, Berichtszeitraum und Regel. Anzahlen
-- stehen nur als Klassen da (0, 1–9, 10–49, 50–249, 250+): genaue gäben geheime Zahlen preis.
WITH class (first, last, class) AS (
    VALUES
    (0, 0, '0'),
    (1, 9, '1–9'),
    (10, 49, '10–49'),
    (50, 249, '50–249'),
    (250, 9223372036854775807, '250+')
),

counted AS (
    SELECT
        f.programme,
        coalesce(d.period, '') AS period,
        f.rule,
        f.severity,
        count(*) AS findings,
        count(DISTINCT (f.file, f.sheet, f.row)) FILTER (f.row IS NOT NULL) AS affected_rows
    FROM quality.finding AS f
    INNER JOIN quality.delivery AS d ON d.programme = f.programme AND d.file = f.file AND d.part = f.part
    WHERE d.status IN ('counted', 'rejected')
    GROUP BY f.programme, d.period, f.rule, f.severity
)

SELECT
    c.programme,  -- Schlüssel des Programms
    c.period,  -- Berichtszeitraum der Lieferungen; leer bei Gesamtlisten und wo er fehlt
    c.rule,  -- Regel
    c.severity,  -- Schwere: „rejected“, „error“, „warning“ oder „notice“
    f.class AS findings,  -- Zahl der Befunde als Klasse: 0, 1–9, 10–49, 50–249 oder 250+
    r.class AS affected_rows  -- Zahl der betroffenen Zeilen als Klasse
FROM counted AS c
INNER JOIN class AS f ON c.findings BETWEEN f.first AND f.last
INNER JOIN class AS r ON c.affected_rows BETWEEN r.first AND r.last
ORDER BY c.programme, c.period, c.rule, c.severity
