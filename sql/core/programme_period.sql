-- Ob ein Programm in einem Zeitraum lief (nach seinem Ende heißt es „beendet“ und nicht 0), ob Lieferungen ihn abdecken
-- und ob er voll ist, also mit anderen vollen vergleichbar.
SELECT
    g.programme,  -- Schlüssel des Programms
    p.period,  -- Zeitraum
    p.calendar,  -- Kalender: year, quarter oder school_year
    CASE
        WHEN p.first_day > g.valid_to THEN 'beendet'
        WHEN p.last_day < g.since_on OR year(p.last_day) < g.since_year THEN 'noch nicht begonnen'
        ELSE 'läuft'
    END AS state,  -- läuft, beendet oder noch nicht begonnen
    c.programme IS NOT NULL AS is_covered,  -- Ob Lieferungen den Zeitraum ganz abdecken
    c.programme IS NOT NULL
    AND coalesce(p.first_day >= coalesce(g.since_on, make_date(g.since_year + 1, 1, 1)), TRUE)
    AND coalesce(p.last_day <= g.valid_to, TRUE)
        AS is_full  -- Ob er abgedeckt ist und das Programm in ihm weder begann noch endete
FROM core.dim_programme AS g
CROSS JOIN core.calendar_period AS p
LEFT JOIN (
    SELECT DISTINCT
        v.programme,
        v.period
    FROM core.coverage AS v
) AS c ON c.programme = g.programme AND c.period = p.period
ORDER BY g.programme, p.calendar, p.first_day
