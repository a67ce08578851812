-- Sprachen der Sprachmittlung und der Familien.
SELECT
    l.language,  -- Kürzel nach ISO 639-3; und steht für unbestimmt
    l.name  -- Deutscher Name
FROM vocabulary.language AS l
ORDER BY l.language
