-- Maßnahmen der Konzepte nach dem Register, das zählt.
SELECT
    s.concept,  -- Konzept
    s.measure_no,  -- Maßnahmennummer
    s.field,  -- Handlungsfeld
    s.title,  -- Maßnahme
    s.ki_involved,  -- KI-Beteiligung
    s.programme,  -- Programm
    s.theme,  -- Themenfeld
    s.status,  -- Umsetzungsstand
    s.status_on,  -- Stand der Umsetzung vom
    s.lead,  -- Federführung, wie geliefert
    s.goal,  -- Ziel
    s.goal_indicator,  -- Kennzahl des Ziels
    s.target_value,  -- Zielwert, wie geliefert
    s.target_on,  -- Zieldatum
    s.next_step,  -- Nächster Schritt
    s.next_step_on,  -- Termin des nächsten Schritts
    s.cost_eur_per_year,  -- Kosten pro Jahr in Euro
    s.funding,  -- Finanzierung
    d.as_of,  -- Stand des Registers
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.massnahmen_measures AS s
INNER JOIN quality.delivery AS d ON d.programme = 'massnahmen' AND d.file = s.source_file AND d.part = s.source_part
ORDER BY s.source_file, s.source_sheet, s.source_row
