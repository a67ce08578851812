-- Die Gliederung ergibt das Ganze; wo Zeilen ohne Merkmal zulässig sind, übersteigt sie es nicht. Wo zu einem Merkmal
-- nichts gemeldet ist, kann im Ganzen ein Rückfluss stecken, der bei keinem Merkmal steht.
-- asset: indicators.indicator_value
WITH members AS (
    SELECT
        v.indicator_id,
        v.area,
        v.period,
        sum(v.value) AS value
    FROM indicators.indicator_value AS v
    WHERE v.breakdown_kind <> 'total'
    GROUP BY v.indicator_id, v.area, v.period
)

SELECT
    t.indicator_id,
    t.area,
    t.period,
    t.value AS total,
    coalesce(m.value, 0) AS members
FROM indicators.indicator_value AS t
INNER JOIN indicators.indicator AS i
    ON i.indicator_id = t.indicator_id
    AND i.breakdown_kind IS NOT NULL
    AND i.aggregation IN ('count', 'stock', 'sum')
ANTI JOIN indicators.not_reported AS u
    ON u.indicator_id = t.indicator_id AND u.area = t.area AND u.period = t.period
LEFT JOIN members AS m ON m.indicator_id = t.indicator_id AND m.area = t.area AND m.period = t.period
WHERE
    t.breakdown_kind = 'total'
    AND CASE
        WHEN i.breakdown_complete THEN abs(coalesce(m.value, 0) - t.value) > 1e-6 * greatest(1, abs(t.value))
        ELSE coalesce(m.value, 0) > t.value + 1e-6 * greatest(1, abs(t.value))
    END
