-- Entscheidungen zu den Maßnahmen des Registers, das zählt, auch zu denen ohne KI-Beteiligung, und was aus dem
-- geltenden Beschluss geworden ist. Was nach dem Tag des Datenbestands entschieden ist, gibt es nicht.
WITH belonging AS (
    SELECT
        m.concept,
        m.measure_no,
        m.status,
        m.as_of,
        t.built_on,
        d.decision_no,
        d.decided_on,
        d.body,
        d.body_rank,
        d.kind,
        d.decision,
        d.due_on,
        d.done_on,
        d.responsible,
        d.kind = 'Beschluss' AND d.decision IS NOT NULL AS is_resolution
    FROM core.fact_decision AS d
    INNER JOIN quality.build_day AS t ON d.decided_on <= t.built_on
    INNER JOIN (
        SELECT
            f.*,
            count(*) OVER (PARTITION BY f.measure_no) AS concepts
        FROM core.fact_measure AS f
    ) AS m
        ON m.measure_no = d.measure_no
        AND (d.concept = m.concept OR (d.concept IS NULL AND m.concepts = 1))
),

ranked AS (
    SELECT
        b.*,
        b.is_resolution AND row_number() OVER latest = 1 AS is_binding
    FROM belonging AS b
    WINDOW latest AS (
        PARTITION BY b.concept, b.measure_no, b.is_resolution
        ORDER BY b.decided_on DESC, b.body_rank DESC, b.decision_no DESC
    )
)

SELECT
    r.concept,  -- Konzept der Maßnahme
    r.measure_no,  -- Maßnahmennummer
    r.decision_no,  -- Beschlussnummer
    r.decided_on,  -- Tag der Entscheidung
    r.body,  -- Gremium
    r.body_rank,  -- Rang des Gremiums: am selben Tag gilt die Entscheidung des höheren
    r.kind,  -- Beschluss, Empfehlung oder Kenntnisnahme
    r.decision,  -- Entscheidung; leer, wenn keine genannt ist
    r.due_on,  -- Umzusetzen bis; leer, wenn nicht genannt
    r.done_on,  -- Erledigt am; leer, wenn nicht genannt
    r.responsible,  -- Zuständig; leer, wenn nicht genannt
    r.is_binding,  -- Ob es der geltende Beschluss der Maßnahme ist: der jüngste mit einer Entscheidung
    CASE
        WHEN NOT r.is_binding THEN NULL
        WHEN r.done_on <= r.built_on THEN 'vollzogen'
        WHEN r.as_of < r.decided_on THEN 'unklar'
        WHEN r.decision IN ('fortführen', 'neu aufnehmen')
            THEN CASE WHEN r.status IN ('umgesetzt', 'laufend') THEN 'vollzogen' ELSE 'offen' END
        WHEN r.decision = 'zurückstellen'
            THEN CASE
                WHEN r.status = 'zurückgestellt' THEN 'vollzogen'
                WHEN r.status IN ('umgesetzt', 'laufend', 'in Planung') THEN 'offen'
                ELSE 'unklar'
            END
        WHEN r.decision = 'beenden'
            THEN CASE r.status WHEN 'entfallen' THEN 'vollzogen' WHEN 'umgesetzt' THEN 'unklar' ELSE 'offen' END
        ELSE 'unklar'
    END AS state  -- Was nach dem Register aus ihm wurde: vollzogen, offen oder unklar; leer, wenn er nicht gilt
FROM ranked AS r
ORDER BY r.concept, r.measure_no, r.decision_no
