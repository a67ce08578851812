-- Verlauf des Umsetzungsstands: jede Maßnahme bei ihrem ersten Register und bei jedem, das ihren Stand ändert.
SELECT
    h.concept,  -- Konzept
    h.measure_no,  -- Maßnahmennummer
    h.title,  -- Maßnahme
    h.as_of,  -- Stand des Registers
    h.status,  -- Umsetzungsstand
    h.status_on,  -- Stand der Umsetzung vom
    h.previous_as_of,  -- Stand des vorigen Registers; leer beim ersten
    h.previous_status  -- Umsetzungsstand im vorigen Register; leer beim ersten
FROM review.measure_status_history AS h
ORDER BY h.concept, h.measure_no, h.as_of
