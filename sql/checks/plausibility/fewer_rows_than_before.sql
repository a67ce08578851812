-- Eine Lieferung, die zählt, hat über ein Fünftel weniger Zeilen als die, die sie ersetzt. Von amtlichen Tabellen zählt
-- jede, was sie nennt; keine ersetzt eine andere im Ganzen.
-- asset: core.coverage
WITH sized AS (
    SELECT
        d.programme,
        d.file,
        d.part,
        d.period,
        d.as_of,
        d.status,
        a.table_name,
        sum(a.accepted + a.quarantined) AS data_rows
    FROM quality.delivery AS d
    INNER JOIN quality.sheet_account AS a ON a.programme = d.programme AND a.file = d.file AND a.part = d.part
    WHERE NOT d.is_official
    GROUP BY ALL
)

SELECT
    n.programme,
    n.table_name,
    n.file,
    n.data_rows,
    o.file AS file_before,
    o.data_rows AS data_rows_before
FROM sized AS n
INNER JOIN sized AS o
    ON o.programme = n.programme
    AND o.table_name = n.table_name
    AND o.period IS NOT DISTINCT FROM n.period
    AND o.status = 'superseded'
    AND (o.as_of, o.file) < (n.as_of, n.file)
WHERE n.status = 'counted' AND n.data_rows < 0.8 * o.data_rows
ORDER BY n.programme, n.table_name, n.file, o.file
