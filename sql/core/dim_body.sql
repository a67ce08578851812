-- Gremien, die über Maßnahmen entscheiden.
SELECT
    b.body,  -- Name
    b.rank,  -- Rang: am selben Tag gilt die Entscheidung des höheren
    b.may_resolve  -- Ob es Beschlüsse fassen kann
FROM vocabulary.body AS b
ORDER BY b.rank
