-- Vier Quartale ergeben das Jahr, bei Anzahlen und Summen.
-- asset: indicators.indicator_value
WITH quarterly AS (
    SELECT
        v.indicator_id,
        v.area,
        year(p.first_day)::VARCHAR AS period,
        v.breakdown_kind,
        v.breakdown,
        sum(v.value) AS value
    FROM indicators.indicator_value AS v
    INNER JOIN indicators.indicator AS i ON i.indicator_id = v.indicator_id AND i.aggregation IN ('count', 'sum')
    INNER JOIN core.calendar_period AS p ON p.period = v.period AND p.calendar = 'quarter'
    GROUP BY ALL
),

covered_year AS (
    SELECT
        i.indicator_id,
        c.period
    FROM indicators.indicator AS i
    INNER JOIN core.coverage AS c
        ON c.programme = i.programme AND c.table_name = i.table_name AND c.calendar = 'year'
)

SELECT
    y.indicator_id,
    y.area,
    y.period,
    y.breakdown,
    y.value AS year_value,
    q.value AS quarters_value
FROM indicators.indicator_value AS y
INNER JOIN covered_year AS c ON c.indicator_id = y.indicator_id AND c.period = y.period
INNER JOIN quarterly AS q
    ON q.indicator_id = y.indicator_id
    AND q.area = y.area
    AND q.period = y.period
    AND q.breakdown_kind = y.breakdown_kind
    AND q.breakdown = y.breakdown
INNER JOIN (
    SELECT
        n.programme,
        n.table_name,
        left(n.period, 4) AS period
    FROM core.coverage AS n
    WHERE n.calendar = 'quarter'
    GROUP BY ALL
    HAVING count(*) = 4
) AS whole ON whole.period = y.period
INNER JOIN indicators.indicator AS i
    ON i.indicator_id = y.indicator_id AND i.programme = whole.programme AND i.table_name = whole.table_name
WHERE abs(y.value - q.value) > 1e-6 * greatest(1, abs(y.value))
