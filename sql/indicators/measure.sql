-- Maßnahmen des Registers, das zählt, mit Ziel, nächstem Schritt und Kosten, wie geliefert; auch die ohne Beteiligung
-- des Kommunalen Integrationszentrums.
SELECT
    m.concept,  -- Konzept
    m.measure_no,  -- Maßnahmennummer
    m.title,  -- Maßnahme
    m.field,  -- Handlungsfeld
    m.ki_involved,  -- Ob das Kommunale Integrationszentrum beteiligt ist
    m.status,  -- Umsetzungsstand
    m.status_on,  -- Stand der Umsetzung vom
    m.as_of,  -- Stand des Registers
    m.lead,  -- Federführung
    m.programme,  -- Programm; leer, wenn keines
    m.theme,  -- Themenfeld; leer, wenn keines
    m.goal,  -- Ziel
    m.goal_indicator,  -- Kennzahl des Ziels; leer, wenn keine
    coalesce(g.target_value, m.target_value) AS target_value,  -- Zielwert in der Einheit der Kennzahl
    m.target_on,  -- Zieldatum
    m.next_step,  -- Nächster Schritt
    m.next_step_on,  -- Termin des nächsten Schritts
    round(m.cost_eur_per_year, 2)::DOUBLE AS cost_eur_per_year,  -- Kosten pro Jahr in Euro
    m.funding,  -- Finanzierung
    g.goal_period,  -- Jüngstes volles Jahr oder Schuljahr mit einem Wert der Kennzahl
    g.goal_value,  -- Wert der Kennzahl für den Kreis
    g.goal_state  -- erreicht, offen oder nicht erreicht; leer, wenn es sich nicht sagen lässt
FROM core.fact_measure AS m
LEFT JOIN indicators.measure_goal AS g ON g.concept = m.concept AND g.measure_no = m.measure_no
ORDER BY m.concept, m.measure_no
