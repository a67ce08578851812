-- Maßnahmen des Registers, das zählt, mit Ziel, nächstem Schritt und Kosten; auch die ohne Beteiligung des Kommunalen
-- Integrationszentrums.
WITH shortened AS (
    SELECT
        m.*,
        left(CASE WHEN length(m.goal) > 200 THEN regexp_replace(left(m.goal, 201), '\s\S*$', '') ELSE m.goal END, 200)
            AS short_goal,
        left(
            CASE
                WHEN length(m.next_step) > 200 THEN regexp_replace(left(m.next_step, 201), '\s\S*$', '')
                ELSE m.next_step
            END,
            200
        ) AS short_step
    FROM core.fact_measure AS m
)

SELECT
    m.concept,  -- Konzept
    m.measure_no,  -- Maßnahmennummer
    m.title,  -- Maßnahme
    m.field,  -- Handlungsfeld
    m.ki_involved,  -- Ob das Kommunale Integrationszentrum beteiligt ist
    m.status,  -- Umsetzungsstand
    m.status_on,  -- Stand der Umsetzung vom
    m.as_of,  -- Stand des Registers
    o.named AS lead,  -- Federführung; leer, wenn nicht im Verzeichnis der Stellen des Kreises
    m.programme,  -- Programm; leer, wenn keines
    m.theme,  -- Themenfeld; leer, wenn keines
    m.short_goal AS goal,  -- Ziel, höchstens 200 Zeichen
    m.goal_indicator,  -- Kennzahl des Ziels; leer, wenn keine
    coalesce(g.target_value, m.target_value) AS target_value,  -- Zielwert in der Einheit der Kennzahl
    m.target_on,  -- Zieldatum
    m.short_step AS next_step,  -- Nächster Schritt, höchstens 200 Zeichen
    m.next_step_on,  -- Termin des nächsten Schritts
    round(m.cost_eur_per_year, 2)::DOUBLE AS cost_eur_per_year,  -- Kosten pro Jahr in Euro
    m.funding,  -- Finanzierung
    g.goal_period,  -- Jüngstes volles Jahr oder Schuljahr mit einem Wert der Kennzahl; leer, wenn geheim
    g.goal_value,  -- Wert der Kennzahl für den Kreis; leer, wenn geheim
    g.goal_state  -- erreicht, offen oder nicht erreicht; leer, wenn es sich nicht sagen lässt
FROM shortened AS m
LEFT JOIN quality.named_office AS o ON o.named = m.lead
LEFT JOIN published.measure_goal AS g ON g.concept = m.concept AND g.measure_no = m.measure_no
ORDER BY m.concept, m.measure_no
