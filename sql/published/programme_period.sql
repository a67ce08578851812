-- Ob ein Programm in einem Zeitraum lief und ob Lieferungen ihn ganz abdecken.
SELECT
    s.programme,  -- Schlüssel des Programms
    s.period,  -- Zeitraum
    s.calendar,  -- Kalender: year, quarter oder school_year
    s.state,  -- läuft, beendet oder noch nicht begonnen
    EXISTS (
        SELECT 1
        FROM core.coverage AS c
        WHERE c.programme = s.programme AND c.period = s.period
    ) AS is_covered  -- Ob Lieferungen den Zeitraum ganz abdecken
FROM core.programme_period AS s
ORDER BY s.programme, s.period
