-- Entscheidungen zu den Maßnahmen des Registers, das zählt, auch zu denen ohne KI-Beteiligung, und was aus dem
-- geltenden Beschluss geworden ist, am Tag des Datenbestands.
SELECT
    d.concept,  -- Konzept der Maßnahme
    d.measure_no,  -- Maßnahmennummer
    d.decision_no,  -- Beschlussnummer
    d.decided_on,  -- Tag der Entscheidung
    d.body,  -- Gremium
    d.body_rank,  -- Rang des Gremiums: am selben Tag gilt die Entscheidung des höheren
    d.kind,  -- Beschluss, Empfehlung oder Kenntnisnahme
    d.decision,  -- Entscheidung; leer, wenn keine genannt ist
    d.due_on,  -- Umzusetzen bis; leer, wenn nicht genannt
    d.done_on,  -- Erledigt am; leer, wenn nicht genannt
    o.named AS responsible,  -- Zuständig; leer, wenn nicht im Verzeichnis der Stellen des Kreises
    d.is_binding,  -- Ob es der geltende Beschluss der Maßnahme ist: der jüngste mit einer Entscheidung
    d.state  -- Was nach dem Register aus ihm wurde: vollzogen, offen oder unklar; leer, wenn er nicht gilt
FROM indicators.measure_decision AS d
LEFT JOIN quality.named_office AS o ON o.named = d.responsible
ORDER BY d.concept, d.measure_no, d.decision_no
