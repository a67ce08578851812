-- Merkmale von Personen, nach denen der Kreis zeigt, wen er erreicht; ohne Entscheidung keines.
SELECT
    f.feature,  -- Merkmal: sex, age, origin, residence oder origin_soe
    f.decided  -- Wer wann entschieden hat
FROM vocabulary.reached_feature AS f
ORDER BY f.feature
