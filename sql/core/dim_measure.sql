-- Maßnahmen aller jemals gelieferten Register: jede einmal, mit den Angaben des jüngsten, das sie nennt.
SELECT
    m.concept,  -- Konzept
    m.measure_no,  -- Maßnahmennummer
    arg_max(m.title, d.as_of) AS title,  -- Maßnahme
    arg_max(m.field, d.as_of) AS field,  -- Handlungsfeld
    min(d.as_of) AS first_as_of,  -- Stand des ersten Registers, das sie nennt
    max(d.as_of) AS last_as_of  -- Stand des jüngsten Registers, das sie nennt
FROM accepted.massnahmen_measures AS m
INNER JOIN quality.delivery AS d ON d.programme = 'massnahmen' AND d.file = m.source_file AND d.part = m.source_part
WHERE d.status NOT IN ('rejected', 'held')
GROUP BY m.concept, m.measure_no
ORDER BY m.concept, m.measure_no
