-- Merkmale der Gliederungen mit ihren deutschen Namen, so weit sie in indicator_value vorkommen.
SELECT DISTINCT
    v.breakdown_kind,  -- Gliederung
    v.breakdown,  -- Gliederungsmerkmal
    coalesce(CASE WHEN v.breakdown_kind = 'language' THEN l.name END, m.name, v.breakdown) AS name  -- Name
FROM published.indicator_value AS v
LEFT JOIN vocabulary.breakdown_member AS m ON m.breakdown_kind = v.breakdown_kind AND m.breakdown = v.breakdown
LEFT JOIN vocabulary.language AS l ON l.language = v.breakdown
WHERE v.breakdown_kind <> 'total'
ORDER BY v.breakdown_kind, v.breakdown
