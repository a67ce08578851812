-- Prüfung der Maßnahmen mit KI-Beteiligung: ein Vorschlag je Maßnahme mit seinem Grund.
-- Er stützt eine Entscheidung, er ist keine.
WITH calendar_year AS (
    SELECT p.period
    FROM core.calendar_period AS p
    INNER JOIN (SELECT max(m.as_of) AS as_of FROM core.fact_measure AS m) AS r ON p.last_day <= r.as_of
    WHERE p.calendar = 'year'
    ORDER BY p.last_day DESC
    LIMIT 1
),

county_gap AS (
    SELECT
        g.theme,
        g.period,
        g.unmet_needs,
        g.free_places
    FROM indicators.offer_gap AS g
    INNER JOIN core.dim_area AS a ON a.area = g.area AND a.is_county
    INNER JOIN calendar_year AS y ON y.period = g.period
    WHERE g.gap
),

judged AS (
    SELECT
        m.*,
        a.t,
        a.value_t,
        a.is_delivered,
        a.t2,
        a.value_t2,
        a.label,
        g.period AS gap_period,
        g.unmet_needs,
        g.free_places,
        p.title AS programme_title,
        p.valid_to AS programme_end,
        p.successor,
        CASE
            WHEN m.status = 'entfallen' THEN 1
            WHEN p.valid_to <= m.as_of THEN 8
            WHEN a.programme IS NOT NULL AND (NOT a.is_delivered OR a.value_t <= 0) THEN 2
            WHEN round(a.value_t, 6) < round(0.8 * a.value_t2, 6) THEN 3
            WHEN g.theme IS NOT NULL THEN 4
            WHEN m.status IN ('umgesetzt', 'laufend') THEN 5
            WHEN
                m.status IN ('in Planung', 'zurückgestellt', 'nicht umgesetzt')
                AND (m.status_on IS NULL OR m.status_on < m.as_of - 730) THEN 6
            ELSE 7
        END AS rule
    FROM core.fact_measure AS m
    LEFT JOIN indicators.measure_activity AS a ON a.programme = m.programme
    LEFT JOIN core.dim_programme AS p ON p.programme = m.programme
    LEFT JOIN county_gap AS g ON g.theme = m.theme
    WHERE m.ki_involved
),

rules (rule, has_successor, suggestion, reason) AS (
    VALUES
    (1, NULL, 'beenden', 'Die Maßnahme ist nach dem Register entfallen.'),
    (2, NULL, 'Stand klären', 'Im Programm „{0}“ ist für {2} keine Aktivität belegt ({1}: {3}).'),
    (3, NULL, 'anpassen', '{1} (Programm „{0}“): Rückgang von {5} ({4}) auf {3} ({2}), um mehr als ein Fünftel.'),
    (4, NULL, 'ausbauen', 'Im Thema {6} standen {7} im Kreis {8} ungedeckte Bedarfe {9} freien Plätzen gegenüber{14}.'),
    (5, NULL, 'fortführen', 'Die Maßnahme {10}{11}.'),
    (6, NULL, 'Stand klären', 'Die Maßnahme {10}; {12}.'),
    (7, NULL, 'umsetzen', 'Die Maßnahme {10} (Stand {13}){15}.'),
    (
        8, TRUE, 'anpassen',
        'Das Programm „{0}“ endete am {16}; Nachfolger ist „{17}“, die Maßnahme ist darauf einzustellen.'
    ),
    (
        8, FALSE, 'Stand klären',
        'Das Programm „{0}“ endete am {16}; ob die Maßnahme ohne es weitergeht, ist zu klären.'
    )
),

phrases (status, phrase, task) AS (
    VALUES
    ('umgesetzt', 'ist umgesetzt', NULL),
    ('laufend', 'läuft', NULL),
    ('in Planung', 'ist in Planung', ' und steht zur Umsetzung an'),
    ('zurückgestellt', 'ist zurückgestellt', '; sie ist wieder aufzunehmen oder zu beenden'),
    ('nicht umgesetzt', 'ist nicht umgesetzt', '; sie ist umzusetzen oder zu beenden'),
    ('entfallen', 'ist nach dem Register entfallen', NULL)
),

vote AS (
    SELECT
        d.concept,
        d.measure_no,
        {
            'decided_on': d.decided_on,
            'body_rank': d.body_rank,
            'decision_no': d.decision_no,
            'decision': d.decision,
            'kind': d.kind,
            'body': d.body
        } AS vote,
        d.is_binding
    FROM indicators.measure_decision AS d
    WHERE d.decision IS NOT NULL
),

decided AS (
    SELECT
        v.concept,
        v.measure_no,
        max(v.vote) AS latest,
        max(v.vote) FILTER (v.is_binding) AS resolution
    FROM vote AS v
    GROUP BY v.concept, v.measure_no
),

german AS (
    SELECT
        j.*,
        coalesce(
            translate(format('{:,.10g}', j.value_t), ',.', '.,'),
            CASE WHEN j.is_delivered THEN 'geheim' ELSE 'keine Angabe' END
        ) AS text_t,
        translate(format('{:,.10g}', j.value_t2), ',.', '.,') AS text_t2,
        strftime(j.status_on, '%d.%m.%Y') AS text_status_on,
        p.phrase,
        p.task
    FROM judged AS j
    LEFT JOIN phrases AS p ON p.status = j.status
)

SELECT
    g.concept,  -- Konzept
    g.measure_no,  -- Maßnahmennummer
    g.title,  -- Maßnahme
    g.field,  -- Handlungsfeld
    g.status,  -- Umsetzungsstand
    g.programme,  -- Programm; leer, wenn keines
    g.theme,  -- Themenfeld; leer, wenn keines
    r.suggestion,  -- Vorschlag
    r.rule,  -- Nummer der Regel, aus der er folgt
    format(
        r.reason,
        coalesce(g.programme_title, ''),
        coalesce(g.label, ''),
        coalesce(g.t, ''),
        g.text_t,
        coalesce(g.t2, ''),
        coalesce(g.text_t2, ''),
        coalesce(g.theme, ''),
        coalesce(g.gap_period, ''),
        coalesce(g.unmet_needs, 0),
        coalesce(g.free_places, 0),
        g.phrase,
        coalesce('; ' || g.label || ' (Programm „' || g.programme_title || '“) ' || g.t || ': ' || g.text_t, ''),
        coalesce(
            'der Stand vom ' || g.text_status_on || ' ist älter als zwei Jahre',
            'seit wann, ist nicht angegeben'
        ),
        coalesce(g.text_status_on, 'unbekannt'),
        CASE
            WHEN g.status NOT IN ('umgesetzt', 'laufend')
                THEN '; die Maßnahme ' || g.phrase || ' und deckt den Bedarf bisher nicht'
            ELSE ''
        END,
        coalesce(g.task, ''),
        coalesce(strftime(g.programme_end, '%d.%m.%Y'), ''),
        coalesce(g.successor, '')
    ) AS reason,  -- Grund in einem Satz mit den Zahlen, auf denen er beruht
    g.t,  -- Jahr oder Schuljahr, dessen Aktivität zählt; leer ohne Programm, dessen Aktivität gemessen wird
    g.value_t,  -- Aktivität des Programms in t
    g.value_t2,  -- Aktivität zwei Jahre davor
    d.latest.decision AS decision,  -- Jüngstes Votum, gleich welcher Art; leer, wenn keines
    d.latest.kind AS decision_kind,  -- Art des jüngsten Votums: Beschluss, Empfehlung oder Kenntnisnahme
    d.latest.body AS decided_by,  -- Gremium des jüngsten Votums
    d.latest.decided_on AS decided_on,  -- Tag des jüngsten Votums
    d.resolution.decision AS resolved_decision,  -- Entscheidung des geltenden Beschlusses; leer, wenn keiner
    d.resolution.body AS resolved_by,  -- Gremium, das ihn gefasst hat
    d.resolution.decided_on AS resolved_on,  -- Tag des Beschlusses
    d.resolution.decision_no AS resolved_no,  -- Nummer des Beschlusses
    x.agreement  -- Ob der Vorschlag zum Beschluss passt: einig, Widerspruch oder offen; leer ohne Beschluss
FROM german AS g
INNER JOIN rules AS r ON r.rule = g.rule AND coalesce(r.has_successor = (g.successor IS NOT NULL), TRUE)
LEFT JOIN decided AS d ON d.concept = g.concept AND d.measure_no = g.measure_no
LEFT JOIN indicators.decision_agreement AS x
    ON x.decision = d.resolution.decision AND x.suggestion = r.suggestion
ORDER BY g.concept, g.measure_no
