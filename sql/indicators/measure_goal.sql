-- Wie weit die Maßnahmen mit einer Zielkennzahl sind: deren Wert für den Kreis im jüngsten vollen Jahr oder Schuljahr
-- neben dem Zielwert. Ist der Wert geheim, bleiben Zeitraum, Wert und Stand leer.
WITH newest AS (
    SELECT
        v.indicator_id,
        v.period,
        v.value,
        p.last_day
    FROM indicators.indicator_value AS v
    INNER JOIN indicators.indicator AS i ON i.indicator_id = v.indicator_id
    INNER JOIN core.dim_area AS a ON a.area = v.area AND a.is_county
    INNER JOIN core.calendar_period AS p ON p.period = v.period AND p.calendar IN ('year', 'school_year')
    INNER JOIN core.programme_period AS f ON f.programme = i.programme AND f.period = v.period AND f.is_full
    WHERE v.breakdown_kind = 'total'
    QUALIFY row_number() OVER (PARTITION BY v.indicator_id ORDER BY p.last_day DESC) = 1
),

aimed AS (
    SELECT
        m.concept,
        m.measure_no,
        m.target_on,
        i.direction,
        CASE WHEN i.aggregation = 'rate' AND m.target_value > 1 THEN m.target_value / 100 ELSE m.target_value END
            AS target_value,
        v.last_day,
        v.period,
        v.value
    FROM core.fact_measure AS m
    INNER JOIN indicators.indicator AS i ON i.indicator_id = m.goal_indicator
    LEFT JOIN newest AS v ON v.indicator_id = m.goal_indicator AND v.value IS NOT NULL
)

SELECT
    a.concept,  -- Konzept
    a.measure_no,  -- Maßnahmennummer
    a.target_value,  -- Zielwert in der Einheit der Kennzahl; Prozente als Anteil
    a.period AS goal_period,  -- Jüngstes volles Jahr oder Schuljahr mit einem Wert der Kennzahl
    a.value AS goal_value,  -- Wert der Kennzahl für den Kreis
    CASE
        WHEN a.direction = 'neutral' OR a.value IS NULL OR a.target_value IS NULL OR a.target_on IS NULL THEN NULL
        WHEN a.direction = 'higher' AND a.value >= a.target_value THEN 'erreicht'
        WHEN a.direction = 'lower' AND a.value <= a.target_value THEN 'erreicht'
        WHEN a.target_on > a.last_day THEN 'offen'
        ELSE 'nicht erreicht'
    END AS goal_state  -- erreicht, offen oder nicht erreicht; leer, wenn es sich nicht sagen lässt
FROM aimed AS a
ORDER BY a.concept, a.measure_no
