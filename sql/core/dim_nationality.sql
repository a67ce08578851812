-- Staatsangehörigkeiten und die Gruppen von Staaten, zu denen sie zählen.
SELECT
    n.nationality,  -- Kürzel nach ISO 3166-1 alpha-3; XKX steht für Kosovo
    n.name,  -- Deutscher Name
    coalesce(g.origin, 'XXX') AS origin  -- Gruppe; XXX für alle, die zu keiner anderen gehören
FROM vocabulary.nationality AS n
LEFT JOIN vocabulary.nationality_group AS g ON g.nationality = n.nationality
ORDER BY n.nationality
