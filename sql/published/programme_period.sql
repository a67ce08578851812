-- Ob ein Programm in einem Zeitraum lief, ob Lieferungen ihn ganz abdecken und ob er voll ist.
SELECT
    s.programme,  -- Schlüssel des Programms
    s.period,  -- Zeitraum
    s.calendar,  -- Kalender: year, quarter oder school_year
    s.state,  -- läuft, beendet oder noch nicht begonnen
    s.is_covered,  -- Ob Lieferungen den Zeitraum ganz abdecken
    s.is_full  -- Ob er abgedeckt ist und das Programm in ihm weder begann noch endete; nur volle sind vergleichbar
FROM core.programme_period AS s
ORDER BY s.programme, s.period
