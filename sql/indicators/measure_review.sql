-- Prüfung der Maßnahmen mit KI-Beteiligung: ein Vorschlag je Maßnahme mit seinem Grund. Er stützt eine Entscheidung, er ist keine.
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
        coalesce(a.t, y.period) AS t,
        a.value_t,
        a.t2,
        a.value_t2,
        a.label,
        g.period AS gap_period,
        g.unmet_needs,
        g.free_places,
        p.title AS programme_title,
        CASE
            WHEN m.status = 'entfallen' THEN 1
            WHEN a.programme IS NOT NULL AND coalesce(a.value_t, 0) <= 0 THEN 2
            WHEN a.value_t < 0.8 * a.value_t2 THEN 3
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
    LEFT JOIN calendar_year AS y ON TRUE
    WHERE m.ki_involved
),

rules (rule, suggestion, reason) AS (
    VALUES
    (1, 'beenden', 'Die Maßnahme ist nach dem Register entfallen.'),
    (2, 'Stand klären', 'Für {programme} ist {t} keine Aktivität belegt ({label}: {value_t}).'),
    (3, 'anpassen', '{label} ({programme}) sanken von {value_t2} ({t2}) auf {value_t} ({t}), auf weniger als vier Fünftel.'),
    (4, 'ausbauen', 'Im Thema {theme} standen {gap_period} im Kreis {unmet} ungedeckte Bedarfe {free} freien Plätzen gegenüber.'),
    (5, 'fortführen', 'Die Maßnahme ist {status}{activity}.'),
    (6, 'Stand klären', 'Die Maßnahme ist {status}; {age}.'),
    (7, 'umsetzen', 'Die Maßnahme ist {status}, Stand vom {status_on}, und steht zur Umsetzung an.')
),

decided AS (
    SELECT
        m.concept,
        m.measure_no,
        arg_max(d.decision, (d.decided_on, d.body_rank, d.decision_no)) AS decision,
        arg_max(d.body, (d.decided_on, d.body_rank, d.decision_no)) AS decided_by,
        max(d.decided_on) AS decided_on
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
    GROUP BY m.concept, m.measure_no
),

german AS (
    SELECT
        j.*,
        coalesce(replace(replace(replace(rtrim(rtrim(format('{:,.1f}', j.value_t), '0'), '.'), ',', ' '), '.', ','), ' ', '.'), 'keine Angabe') AS text_t,
        replace(replace(replace(rtrim(rtrim(format('{:,.1f}', j.value_t2), '0'), '.'), ',', ' '), '.', ','), ' ', '.') AS text_t2,
        coalesce(strftime(j.status_on, '%d.%m.%Y'), 'unbekannt') AS text_status_on
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
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        r.reason,
        '{programme}', coalesce(g.programme_title, '')),
        '{label}', coalesce(g.label, '')),
        '{value_t}', g.text_t),
        '{value_t2}', coalesce(g.text_t2, '')),
        '{t}', g.t),
        '{t2}', coalesce(g.t2, '')),
        '{theme}', coalesce(g.theme, '')),
        '{gap_period}', coalesce(g.gap_period, '')),
        '{unmet}', coalesce(g.unmet_needs::VARCHAR, '')),
        '{free}', coalesce(g.free_places::VARCHAR, '')),
        '{status}', g.status),
        '{activity}', coalesce('; ' || g.label || ' (' || g.programme_title || ') ' || g.t || ': ' || g.text_t, '')),
        '{age}', CASE WHEN g.status_on IS NULL THEN 'seit wann, ist nicht angegeben' ELSE 'der Stand vom ' || g.text_status_on || ' ist älter als zwei Jahre' END
    ).replace('{status_on}', g.text_status_on) AS reason,  -- Grund in einem Satz mit den Zahlen, auf denen er beruht
    g.t,  -- Jahr oder Schuljahr, dessen Aktivität zählt
    g.value_t,  -- Aktivität des Programms in t
    g.value_t2,  -- Aktivität zwei Jahre davor
    d.decision,  -- Jüngste Entscheidung; leer, wenn keine
    d.decided_by,  -- Gremium
    d.decided_on  -- Tag der Entscheidung
FROM german AS g
INNER JOIN rules AS r ON r.rule = g.rule
LEFT JOIN decided AS d ON d.concept = g.concept AND d.measure_no = g.measure_no
ORDER BY g.concept, g.measure_no
