-- Themen der Bedarfe, Angebote und Maßnahmen.
SELECT
    v.value AS theme,  -- Bezeichnung
    v.position  -- Reihenfolge in Listen
FROM vocabulary.category_value AS v
WHERE v.category = 'theme'
ORDER BY v.position
