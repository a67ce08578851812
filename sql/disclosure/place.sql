-- Wo geschützte Indikatoren einen veröffentlichten Wert haben können: jedes Gebiet und jeder abgedeckte Zeitraum als
-- Ganzes, der Kreis je Jahr oder Schuljahr auch nach seiner Gliederung, auch wo nichts gezählt wurde. Ein Merkmal
-- gehört zu einer Gliederung, wenn es in mindestens einer Anzahl des Programms vorkommt; ein Median genügt nicht. Was
-- der Katalog dem Kreis vorbehält, hat für Gemeinden keinen.
WITH covered AS (
    SELECT
        i.indicator_id,
        i.programme,
        i.county_only OR coalesce(list_contains(string_split(i.county_calendars, ','), c.calendar), FALSE)
            AS is_of_county,
        i.aggregation,
        i.breakdown_kind,
        c.period,
        c.calendar
    FROM indicators.indicator AS i
    INNER JOIN indicators.covered_period AS c ON c.indicator_id = i.indicator_id
    WHERE i.k IS NOT NULL
),

member AS (
    SELECT DISTINCT
        i.programme,
        v.breakdown_kind,
        v.breakdown
    FROM indicators.indicator_value AS v
    INNER JOIN indicators.indicator AS i ON i.indicator_id = v.indicator_id
    INNER JOIN core.dim_area AS a ON a.area = v.area AND a.is_county
    WHERE v.breakdown_kind <> 'total' AND i.aggregation NOT IN ('median', 'level')
),

with_foreigners AS (
    SELECT
        v.area,
        v.period
    FROM indicators.indicator_value AS v
    WHERE v.indicator_id = 'foreigners_rate' AND v.numerator > 0
)

SELECT
    c.indicator_id,  -- Kennung des Indikators
    a.area,  -- Gebiet
    c.period,  -- Zeitraum
    c.calendar,  -- Kalender: year, quarter oder school_year
    'total' AS breakdown_kind,  -- Gliederung, oder total
    '' AS breakdown  -- Gliederungsmerkmal; leer bei total
FROM covered AS c
INNER JOIN core.dim_area AS a ON a.is_county OR NOT c.is_of_county
WHERE c.aggregation <> 'per_1000' OR (a.area, c.period) IN (SELECT (f.area, f.period) FROM with_foreigners AS f)
UNION ALL
SELECT
    c.indicator_id,
    a.area,
    c.period,
    c.calendar,
    m.breakdown_kind,
    m.breakdown
FROM covered AS c
INNER JOIN core.dim_area AS a ON a.is_county
INNER JOIN member AS m ON m.programme = c.programme AND m.breakdown_kind = c.breakdown_kind
WHERE c.calendar <> 'quarter'
ORDER BY 1, 2, 3, 5, 6
