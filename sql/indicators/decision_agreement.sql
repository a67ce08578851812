-- Wie sich der Vorschlag der Prüfung zu dem verhält, was beschlossen ist.
SELECT
    a.decision,  -- Entscheidung des Beschlusses
    a.suggestion,  -- Vorschlag der Prüfung
    a.agreement  -- einig, Widerspruch oder offen
FROM vocabulary.decision_agreement AS a
ORDER BY a.decision, a.suggestion
