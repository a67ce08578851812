-- Stand der Lieferungen je Programm: was zuletzt kam, was fällig ist, was überfällig ist.
WITH delivered AS (
    SELECT
        d.programme,
        count(DISTINCT d.file) AS deliveries,
        count(DISTINCT d.file) FILTER (d.status = 'counted') AS counted,
        count(DISTINCT d.file) FILTER (d.status = 'superseded') AS superseded,
        count(DISTINCT d.file) FILTER (d.status = 'rejected') AS rejected
    FROM quality.delivery AS d
    GROUP BY d.programme
)

SELECT
    p.programme,  -- Schlüssel des Programms
    p.title,  -- Name des Programms
    p.cadence,  -- Turnus der Lieferung
    u.last_as_of,  -- Jüngster Stand einer verwendbaren Lieferung; leer, wenn es keine gibt
    u.covered_through,  -- Letzter Tag, den die Lieferungen abdecken
    u.state,  -- läuft, Schlusslieferung offen (beendet, die Lieferungen reichen nicht bis zum Ende) oder abgeschlossen
    u.due_on,  -- Tag, bis zu dem die nächste Lieferung fällig ist oder war; leer, wenn das Programm abgeschlossen ist
    u.is_late,  -- Ob die nächste Lieferung auch nach der Nachfrist fehlt
    coalesce(d.deliveries, 0) AS deliveries,  -- Zahl der Dateien im Ordner
    coalesce(d.counted, 0) AS counted,  -- davon: zählen
    coalesce(d.superseded, 0) AS superseded,  -- davon: durch neuere ersetzt
    coalesce(d.rejected, 0) AS rejected  -- davon: zurückgewiesen
FROM vocabulary.programme AS p
INNER JOIN quality.due AS u ON u.programme = p.programme
LEFT JOIN delivered AS d ON d.programme = p.programme
ORDER BY p.programme
