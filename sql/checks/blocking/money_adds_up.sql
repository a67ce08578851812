-- Bewilligt ist ausgezahlt und nicht abgerufen, ausgegeben ist ausgezahlt ohne Rückfluss, je Gebiet, Jahr und Baustein.
-- asset: indicators.indicator_value
WITH amount AS (
    SELECT
        v.area,
        v.period,
        v.breakdown,
        max(v.value) FILTER (v.indicator_id = 'komm_an_granted_eur') AS granted,
        max(v.value) FILTER (v.indicator_id = 'komm_an_paid_eur') AS paid,
        max(v.value) FILTER (v.indicator_id = 'komm_an_unpaid_eur') AS unpaid,
        max(v.value) FILTER (v.indicator_id = 'komm_an_spent_eur') AS spent,
        max(v.value) FILTER (v.indicator_id = 'komm_an_returned_eur') AS returned
    FROM indicators.indicator_value AS v
    GROUP BY v.area, v.period, v.breakdown
)

SELECT
    a.area,
    a.period,
    a.breakdown
FROM amount AS a
ANTI JOIN indicators.not_reported AS u
    ON u.indicator_id = 'komm_an_paid_eur' AND u.area = a.area AND u.period = a.period AND u.breakdown = a.breakdown
WHERE
    a.granted IS NOT NULL
    AND (
        abs(a.granted - coalesce(a.paid, 0) - coalesce(a.unpaid, 0)) > 0.005
        OR abs(coalesce(a.spent, 0) - coalesce(a.paid, 0) + coalesce(a.returned, 0)) > 0.005
    )
