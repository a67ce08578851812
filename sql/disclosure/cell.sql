-- Zellen des verbundenen Systems: jede geschützte Zahl, die veröffentlicht werden kann, und die Reste, die sich aus
-- veröffentlichten ergeben. Nur intern: hier stehen auch die Zahlen, die nicht veröffentlicht werden.
-- Das Ganze eines Indikators, der einen anderen nur anders gliedert, ist dessen Zelle und keine eigene.
-- Was nicht gemeldet ist, trägt zu keiner Summe etwas bei, und das weiß jeder: eine bekannte 0.
WITH valued AS (
    SELECT
        p.*,
        i.aggregation,
        i.k,
        i.is_amount,
        i.same_total_as,
        i.dated,
        i.numerator_count,
        i.denominator_count,
        i.difference_count,
        coalesce(v.value, 0) AS value,
        coalesce(v.numerator, 0) AS numerator,
        coalesce(v.denominator, u.denominator, 0) AS denominator,
        coalesce(v.n, 0) AS n,
        u.indicator_id IS NULL AS is_reported,
        i.n_count IS NOT NULL AND coalesce(g.value, 0) = 0 AS has_no_rows
    FROM disclosure.place AS p
    INNER JOIN indicators.indicator AS i ON i.indicator_id = p.indicator_id
    LEFT JOIN indicators.indicator_value AS v
        ON v.indicator_id = p.indicator_id AND v.area = p.area AND v.period = p.period
        AND v.breakdown_kind = p.breakdown_kind AND v.breakdown = p.breakdown
    LEFT JOIN indicators.indicator_value AS g
        ON g.indicator_id = i.n_count AND g.area = p.area AND g.period = p.period
        AND g.breakdown_kind = p.breakdown_kind AND g.breakdown = p.breakdown
    LEFT JOIN indicators.not_reported AS u
        ON u.indicator_id = p.indicator_id AND u.area = p.area AND u.period = p.period
        AND u.breakdown_kind = p.breakdown_kind AND u.breakdown = p.breakdown
),

part (
    count_id, indicator_id, area, period, calendar, breakdown, k, is_amount, is_printed, is_reported, has_no_rows,
    amount
) AS (
    SELECT
        v.indicator_id,
        v.indicator_id,
        v.area,
        v.period,
        v.calendar,
        v.breakdown,
        v.k,
        v.is_amount,
        TRUE,
        v.is_reported,
        v.has_no_rows,
        v.value
    FROM valued AS v
    WHERE v.aggregation IN ('count', 'distinct', 'stock', 'sum') AND (v.breakdown <> '' OR v.same_total_as IS NULL)
    UNION ALL
    SELECT
        c.count_id,
        v.indicator_id,
        v.area,
        v.period,
        v.calendar,
        v.breakdown,
        v.k,
        v.is_amount,
        c.is_printed,
        c.is_reported,
        FALSE,
        c.amount
    FROM valued AS v
    CROSS JOIN LATERAL (
        VALUES
            (v.numerator_count, TRUE, v.is_reported, v.numerator),
            (v.denominator_count, v.is_reported, TRUE, v.denominator),
            (v.difference_count, FALSE, TRUE, v.denominator - v.numerator)
    ) AS c (count_id, is_printed, is_reported, amount)
    WHERE v.aggregation = 'rate' AND starts_with(c.count_id, v.indicator_id || '.')
    UNION ALL
    SELECT
        v.indicator_id || '.n',
        v.indicator_id,
        v.area,
        v.period,
        v.calendar,
        v.breakdown,
        0,
        v.is_amount,
        FALSE,
        TRUE,
        FALSE,
        v.n
    FROM valued AS v
    WHERE v.aggregation = 'median' AND v.dated IS NOT NULL
)

SELECT
    p.count_id,  -- Die Zahl: Kennung des Indikators, oder eines Teils einer Quote
    p.indicator_id,  -- Indikator, zu dem sie gehört
    p.area,  -- Gebiet
    p.period,  -- Zeitraum
    p.calendar,  -- Kalender: year, quarter oder school_year
    p.breakdown,  -- Gliederungsmerkmal; leer für alle zusammen
    p.k,  -- Kleinste Zahl, die veröffentlicht werden darf; 0 bei der Zahl der Werte hinter einem Median
    p.is_amount,  -- Ob sie Stunden oder Euro summiert; dann in Hundertsteln
    p.is_printed,  -- Ob sie selbst veröffentlicht werden kann; sonst ergibt sie sich nur aus anderen
    p.is_reported,  -- Ob sie gemeldet ist; sonst weiß jeder, dass sie zu keiner Summe etwas beiträgt
    p.has_no_rows,  -- Ob veröffentlicht ist, dass keine Zeile dahintersteht: dann ist sie für jeden 0
    CASE WHEN p.is_amount THEN round(p.amount * 100) ELSE p.amount END::BIGINT AS value,  -- Wert
    CASE
        WHEN p.amount = 0 THEN 0
        WHEN c.persons IS NOT NULL THEN c.persons
        WHEN NOT p.is_amount THEN p.amount
    END::BIGINT AS persons  -- Zahl der verschiedenen Personen oder Fälle dahinter; leer, wo eine Summe keine aufteilt
FROM part AS p
LEFT JOIN disclosure.person_count AS c
    ON c.count_id = p.count_id AND c.area = p.area AND c.period = p.period AND c.breakdown = p.breakdown
ORDER BY 1, 3, 4, 6
