-- Aktivität der Programme für die Prüfung der Maßnahmen:
-- ihr Leitindikator im letzten Zeitraum vor dem Stand des Registers.
WITH register AS (
    SELECT max(m.as_of) AS as_of
    FROM core.fact_measure AS m
),

headline AS (
    SELECT
        i.programme,
        i.indicator_id,
        i.label,
        CASE WHEN i.calendars LIKE '%school_year%' THEN 'school_year' ELSE 'year' END AS calendar
    FROM indicators.indicator AS i
    WHERE i.is_headline
),

latest AS (
    SELECT
        h.programme,
        h.indicator_id,
        h.label,
        h.calendar,
        max(p.first_day) AS first_day
    FROM headline AS h
    INNER JOIN core.calendar_period AS p ON p.calendar = h.calendar
    INNER JOIN register AS r ON p.last_day <= r.as_of
    GROUP BY h.programme, h.indicator_id, h.label, h.calendar
),

county_value AS (
    SELECT
        v.indicator_id,
        v.period,
        v.value
    FROM indicators.indicator_value AS v
    INNER JOIN core.dim_area AS a ON a.area = v.area AND a.is_county
    WHERE v.breakdown_kind = 'total'
)

SELECT
    l.programme,  -- Schlüssel des Programms
    l.indicator_id,  -- Leitindikator
    l.label,  -- Name des Leitindikators
    t.period AS t,  -- Letztes Jahr oder Schuljahr, das bis zum Stand des Registers endete
    vt.value AS value_t,  -- Wert in t; leer, wenn nicht geliefert, nicht gemeldet oder geheim
    vt.indicator_id IS NOT NULL AS is_delivered,  -- Ob es für t einen Wert gibt, auch einen geheimen
    t2.period AS t2,  -- Zwei Jahre davor
    vt2.value AS value_t2  -- Wert zwei Jahre davor; leer, wenn nicht geliefert, nicht gemeldet oder geheim
FROM latest AS l
INNER JOIN core.calendar_period AS t ON t.calendar = l.calendar AND t.first_day = l.first_day
LEFT JOIN core.calendar_period AS t2 ON t2.calendar = l.calendar AND t2.first_day = l.first_day - INTERVAL 2 YEAR
LEFT JOIN county_value AS vt ON vt.indicator_id = l.indicator_id AND vt.period = t.period
LEFT JOIN county_value AS vt2 ON vt2.indicator_id = l.indicator_id AND vt2.period = t2.period
ORDER BY l.programme
