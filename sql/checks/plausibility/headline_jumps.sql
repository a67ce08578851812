-- Ein Leitindikator des Kreises weicht um mehr als die Hälfte vom Vorjahr ab.
-- asset: indicators.indicator_value
WITH yearly AS (
    SELECT
        v.indicator_id,
        i.label,
        v.period,
        v.value,
        lag(v.value) OVER (PARTITION BY v.indicator_id, p.calendar ORDER BY p.first_day) AS value_before,
        p.first_day,
        lag(p.first_day) OVER (PARTITION BY v.indicator_id, p.calendar ORDER BY p.first_day) AS first_day_before
    FROM indicators.indicator_value AS v
    INNER JOIN indicators.indicator AS i ON i.indicator_id = v.indicator_id AND i.is_headline
    INNER JOIN core.dim_area AS a ON a.area = v.area AND a.is_county
    INNER JOIN core.calendar_period AS p ON p.period = v.period AND p.calendar IN ('year', 'school_year')
    WHERE v.breakdown_kind = 'total'
)

SELECT
    y.indicator_id,
    y.label,
    y.period,
    y.value_before,
    y.value
FROM yearly AS y
WHERE y.first_day_before = y.first_day - INTERVAL 1 YEAR AND abs(y.value - y.value_before) > 0.5 * y.value_before
ORDER BY y.indicator_id, y.period
