-- Zeilen der Lieferungen, die zählen, je Programm: gelesen, verwendet, in Quarantäne. Leer, wo sich daraus auf kleine
-- Zahlen schließen ließe: wenn ein Programm mit nur einer Tabelle einen für den ganzen Kreis geheimen Wert hat, oder
-- wenn außerhalb der veröffentlichten Zeiträume nur wenige Zeilen liegen.
WITH account AS (
    SELECT
        a.programme,
        count(DISTINCT a.table_name) AS tables,
        sum(a.rows_read)::BIGINT AS rows_read,
        sum(a.accepted)::BIGINT AS accepted,
        sum(a.quarantined)::BIGINT AS quarantined
    FROM quality.sheet_account AS a
    INNER JOIN quality.delivery AS d ON d.programme = a.programme AND d.file = a.file AND d.status = 'counted'
    GROUP BY a.programme
),

outside AS (
    SELECT
        i.programme,
        a.accepted - sum(v.value) AS rows_outside,
        min(i.k) AS k
    FROM published.indicator_value AS v
    INNER JOIN indicators.indicator AS i
        ON i.indicator_id = v.indicator_id AND i.aggregation = 'count' AND i.k IS NOT NULL
    INNER JOIN core.dim_area AS c ON c.area = v.area AND c.is_county
    INNER JOIN core.calendar_period AS p ON p.period = v.period AND p.calendar <> 'quarter'
    INNER JOIN account AS a ON a.programme = i.programme
    WHERE v.breakdown_kind = 'total' AND v.status = 'published'
    GROUP BY i.programme, i.indicator_id, a.accepted
),

telling AS (
    SELECT DISTINCT i.programme
    FROM published.indicator_value AS v
    INNER JOIN indicators.indicator AS i
        ON i.indicator_id = v.indicator_id AND i.aggregation IN ('count', 'distinct', 'stock', 'sum')
    INNER JOIN core.dim_area AS c ON c.area = v.area AND c.is_county
    INNER JOIN core.calendar_period AS p ON p.period = v.period AND p.calendar <> 'quarter'
    WHERE v.breakdown_kind = 'total' AND v.status = 'suppressed'
    UNION
    SELECT o.programme
    FROM outside AS o
    WHERE o.rows_outside > 0 AND o.rows_outside < o.k
)

SELECT
    p.programme,  -- Schlüssel des Programms
    CASE WHEN a.programme IS NULL THEN 0 WHEN t.programme IS NULL THEN a.rows_read END
        AS rows_read,  -- Gelesene Zeilen
    CASE WHEN a.programme IS NULL THEN 0 WHEN t.programme IS NULL THEN a.accepted END
        AS accepted,  -- davon verwendet
    CASE WHEN a.programme IS NULL THEN 0 WHEN t.programme IS NULL THEN a.quarantined END
        AS quarantined  -- davon in Quarantäne
FROM core.dim_programme AS p
LEFT JOIN account AS a ON a.programme = p.programme
LEFT JOIN telling AS t ON t.programme = p.programme AND a.tables = 1
ORDER BY p.programme
