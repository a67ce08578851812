-- Staatsangehörigkeiten.
SELECT
    n.nationality,  -- Kürzel nach ISO 3166-1 alpha-3; XKX steht für Kosovo
    n.name  -- Deutscher Name
FROM vocabulary.nationality AS n
ORDER BY n.nationality
