-- Rechtskreise der Stationen im Case Management.
SELECT
    v.value AS jurisdiction,  -- Bezeichnung
    v.position  -- Reihenfolge in Listen
FROM vocabulary.category_value AS v
WHERE v.category = 'jurisdiction'
ORDER BY v.position
