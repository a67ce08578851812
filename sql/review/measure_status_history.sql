-- Verlauf des Umsetzungsstands: jede Maßnahme bei ihrem ersten Register und bei jedem, das ihren Stand ändert. Von
-- Registern mit gleichem Stand gilt die ganze Zeile dessen, dessen Name zuletzt kommt.
WITH snapshot AS (
    SELECT
        m.concept,
        m.measure_no,
        d.as_of,
        m.title,
        m.status,
        m.status_on,
        d.file AS source_file
    FROM accepted.massnahmen_measures AS m
    INNER JOIN quality.delivery AS d ON d.programme = 'massnahmen' AND d.file = m.source_file AND d.part = m.source_part
    WHERE d.status NOT IN ('rejected', 'held')
    QUALIFY row_number() OVER (PARTITION BY m.concept, m.measure_no, d.as_of ORDER BY d.file DESC, d.part DESC) = 1
),

followed AS (
    SELECT
        s.*,
        lag(s.status) OVER registers AS previous_status,
        lag(s.as_of) OVER registers AS previous_as_of
    FROM snapshot AS s
    WINDOW registers AS (PARTITION BY s.concept, s.measure_no ORDER BY s.as_of)
)

SELECT
    f.concept,  -- Konzept
    f.measure_no,  -- Maßnahmennummer
    f.title,  -- Maßnahme
    f.as_of,  -- Stand des Registers
    f.status,  -- Umsetzungsstand
    f.status_on,  -- Stand der Umsetzung vom
    f.previous_as_of,  -- Stand des vorigen Registers; leer beim ersten
    f.previous_status,  -- Umsetzungsstand im vorigen Register; leer beim ersten
    f.source_file  -- Datei des Registers
FROM followed AS f
WHERE f.previous_status IS NULL OR f.previous_status <> f.status
ORDER BY f.concept, f.measure_no, f.as_of
