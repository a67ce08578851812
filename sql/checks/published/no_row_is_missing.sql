-- Zu jedem Gebiet und Merkmal steht eine Zeile, auch wenn der Wert 0 oder geheim ist; nur eine Summe, zu
-- der nichts gemeldet ist, hat in der Gliederung keine.
-- asset: published.indicator_value
WITH protected AS (
    SELECT
        v.*,
        i.programme,
        coalesce(list_contains(string_split(i.county_calendars, ','), d.calendar), FALSE) AS is_of_county
    FROM published.indicator_value AS v
    INNER JOIN published.indicator AS i ON i.indicator_id = v.indicator_id
    INNER JOIN published.period AS d ON d.period = v.period
    WHERE i.k IS NOT NULL AND i.aggregation <> 'per_1000' AND NOT i.county_only
),

member AS (
    SELECT DISTINCT
        p.programme,
        p.breakdown_kind,
        p.breakdown
    FROM protected AS p
    WHERE p.breakdown_kind <> 'total'
),

expected AS (
    SELECT DISTINCT
        p.indicator_id,
        a.area,
        p.period,
        '' AS breakdown
    FROM protected AS p
    INNER JOIN published.area AS a ON a.part_of IS NULL OR NOT p.is_of_county
    UNION ALL
    SELECT DISTINCT
        p.indicator_id,
        a.area,
        p.period,
        m.breakdown
    FROM protected AS p
    INNER JOIN published.area AS a ON a.part_of IS NULL
    INNER JOIN published.indicator AS i ON i.indicator_id = p.indicator_id AND i.aggregation <> 'sum'
    INNER JOIN published.period AS d ON d.period = p.period AND d.calendar <> 'quarter'
    INNER JOIN member AS m ON m.programme = p.programme AND m.breakdown_kind = i.breakdown_kind
)

SELECT
    e.indicator_id,
    e.area,
    e.period,
    e.breakdown
FROM expected AS e
ANTI JOIN protected AS p
    ON p.indicator_id = e.indicator_id AND p.area = e.area AND p.period = e.period AND p.breakdown = e.breakdown
ORDER BY e.indicator_id, e.area, e.period, e.breakdown
