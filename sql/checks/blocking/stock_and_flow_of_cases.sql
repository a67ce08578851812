-- Bestand am Ende = Bestand am Anfang + aufgenommene − abgeschlossene Fälle.
-- asset: indicators.indicator_value
WITH flow AS (
    SELECT
        v.area,
        v.period,
        p.calendar,
        p.first_day,
        max(v.value) FILTER (v.indicator_id = 'kim_cases_active') AS active,
        max(v.value) FILTER (v.indicator_id = 'kim_cases_opened') AS opened,
        max(v.value) FILTER (v.indicator_id = 'kim_cases_closed') AS closed
    FROM indicators.indicator_value AS v
    INNER JOIN core.calendar_period AS p ON p.period = v.period
    WHERE v.breakdown_kind = 'total'
    GROUP BY v.area, v.period, p.calendar, p.first_day
),

followed AS (
    SELECT
        f.*,
        lag(f.active) OVER (PARTITION BY f.area, f.calendar ORDER BY f.first_day) AS active_before
    FROM flow AS f
    WHERE f.active IS NOT NULL
)

SELECT
    f.area,
    f.period,
    f.active_before,
    f.opened,
    f.closed,
    f.active
FROM followed AS f
WHERE f.active <> f.active_before + f.opened - f.closed
