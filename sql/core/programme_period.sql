-- Ob ein Programm in einem Zeitraum lief: nach seinem Ende heißt es „beendet“ und nicht 0.
SELECT
    g.programme,  -- Schlüssel des Programms
    p.period,  -- Zeitraum
    p.calendar,  -- Kalender: year, quarter oder school_year
    CASE
        WHEN p.first_day > g.valid_to THEN 'beendet'
        WHEN year(p.last_day) < g.since_year THEN 'noch nicht begonnen'
        ELSE 'läuft'
    END AS state  -- läuft, beendet oder noch nicht begonnen
FROM core.dim_programme AS g
CROSS JOIN core.calendar_period AS p
ORDER BY g.programme, p.calendar, p.first_day
