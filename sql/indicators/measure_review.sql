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
        CASE WHEN p.valid_to <= m.as_of THEN p.valid_to END AS programme_end,
        CASE
            WHEN m.status = 'entfallen' THEN 1
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

rules (rule, suggestion, reason) AS (
    VALUES
    (1, 'beenden', 'Die Maßnahme ist nach dem Register entfallen.'),
    (2, 'Stand klären', 'Im Programm „{0}“ ist für {2} keine Aktivität belegt ({1}: {3}){14}.'),
    (3, 'anpassen', '{1} (Programm „{0}“): Rückgang von {5} ({4}) auf {3} ({2}), um mehr als ein Fünftel{14}.'),
    (4, 'ausbauen', 'Im Thema {6} standen {7} im Kreis {8} ungedeckte Bedarfe {9} freien Plätzen gegenüber.'),
    (5, 'fortführen', 'Die Maßnahme ist {10}{11}.'),
    (6, 'Stand klären', 'Die Maßnahme ist {10}; {12}.'),
    (7, 'umsetzen', 'Die Maßnahme ist {10}, Stand vom {13}, und steht zur Umsetzung an.')
),

vote AS (
    SELECT
        m.concept,
        m.measure_no,
        d.kind = 'Beschluss' AS is_resolution,
        {
            'decided_on': d.decided_on,
            'body_rank': d.body_rank,
            'decision_no': d.decision_no,
            'decision': d.decision,
            'kind': d.kind,
            'body': d.body
        } AS vote
    FROM core.fact_decision AS d
    INNER JOIN (
        SELECT
            f.concept,
            f.measure_no,
            count(*) OVER (PARTITION BY f.measure_no) AS concepts
        FROM core.fact_measure AS f
    ) AS m
        ON m.measure_no = d.measure_no
        AND (d.concept = m.concept OR (d.concept IS NULL AND m.concepts = 1))
    WHERE d.decision IS NOT NULL
),

decided AS (
    SELECT
        v.concept,
        v.measure_no,
        max(v.vote) AS latest,
        max(v.vote) FILTER (v.is_resolution) AS resolution
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
        strftime(j.status_on, '%d.%m.%Y') AS text_status_on
    FROM judged AS j
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
        g.status,
        coalesce('; ' || g.label || ' (Programm „' || g.programme_title || '“) ' || g.t || ': ' || g.text_t, ''),
        coalesce(
            'der Stand vom ' || g.text_status_on || ' ist älter als zwei Jahre',
            'seit wann, ist nicht angegeben'
        ),
        coalesce(g.text_status_on, 'unbekannt'),
        coalesce('; das Programm endete am ' || strftime(g.programme_end, '%d.%m.%Y'), '')
    ) AS reason,  -- Grund in einem Satz mit den Zahlen, auf denen er beruht
    g.t,  -- Jahr oder Schuljahr, dessen Aktivität zählt; leer ohne Programm, dessen Aktivität gemessen wird
    g.value_t,  -- Aktivität des Programms in t
    g.value_t2,  -- Aktivität zwei Jahre davor
    d.latest.decision AS decision,  -- Jüngstes Votum, gleich welcher Art; leer, wenn keines
    d.latest.kind AS decision_kind,  -- Art des jüngsten Votums: Beschluss, Empfehlung oder Kenntnisnahme
    d.latest.body AS decided_by,  -- Gremium des jüngsten Votums
    d.latest.decided_on AS decided_on,  -- Tag des jüngsten Votums
    d.resolution.decision AS resolved_decision,  -- Entscheidung des jüngsten Beschlusses; leer, wenn keiner
    d.resolution.body AS resolved_by,  -- Gremium, das ihn gefasst hat
    d.resolution.decided_on AS resolved_on,  -- Tag des Beschlusses
    d.resolution.decision_no AS resolved_no  -- Nummer des Beschlusses
FROM german AS g
INNER JOIN rules AS r ON r.rule = g.rule
LEFT JOIN decided AS d ON d.concept = g.concept AND d.measure_no = g.measure_no
ORDER BY g.concept, g.measure_no
