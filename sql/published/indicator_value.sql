-- Werte der Indikatoren je Gebiet, Zeitraum und Gliederung, geschützt: suppressed heißt, dass der Wert geheim bleibt
-- (das kann auch eine 0 sein), gleich aus welchem Grund. Nicht gemeldet (not_reported) heißt, dass es Zeilen gibt, aber
-- in keiner die Angabe, aus der er zu rechnen wäre: das ist weder geheim noch 0 und steht nur für alle zusammen da,
-- nicht je Merkmal; wo geheim ist, wie viele Zeilen es sind, bleibt es suppressed. Geschützte Indikatoren nach
-- Gliederung nur für den Kreis.
WITH protected AS (
    SELECT
        i.*,
        p.area,
        p.period,
        p.breakdown_kind AS kind,
        p.breakdown
    FROM disclosure.place AS p
    INNER JOIN indicators.indicator AS i ON i.indicator_id = p.indicator_id
),

needed (indicator_id, area, period, breakdown, count_id) AS (
    SELECT
        p.indicator_id,
        p.area,
        p.period,
        p.breakdown,
        unnest(
            CASE p.aggregation
                WHEN 'rate' THEN [p.numerator_count, p.denominator_count, p.difference_count]
                WHEN 'median' THEN string_split(p.n_within, ',')
                WHEN 'per_1000' THEN [p.per_1000_of]
                ELSE [CASE WHEN p.breakdown = '' THEN coalesce(p.same_total_as, p.indicator_id) ELSE p.indicator_id END]
            END
        )
    FROM protected AS p
),

held_back AS (
    SELECT DISTINCT
        n.indicator_id,
        n.area,
        n.period,
        n.breakdown
    FROM needed AS n
    INNER JOIN disclosure.hidden_cell AS h
        ON h.count_id = n.count_id AND h.area = n.area AND h.period = n.period AND h.breakdown = n.breakdown
),

unreported AS (
    SELECT
        u.indicator_id,
        u.area,
        u.period,
        u.breakdown
    FROM indicators.not_reported AS u
    INNER JOIN indicators.indicator AS i ON i.indicator_id = u.indicator_id
    LEFT JOIN indicators.indicator AS w ON w.indicator_id = i.hidden_with AND w.aggregation = 'count'
    ANTI JOIN disclosure.hidden_cell AS h
        ON h.count_id = w.indicator_id AND h.area = u.area AND h.period = u.period AND h.breakdown = u.breakdown
),

judged AS (
    SELECT
        p.*,
        u.indicator_id IS NOT NULL AS is_unreported,
        v.numerator AS numerator_value,
        v.denominator AS denominator_value,
        coalesce(v.n, 0) AS n,
        CASE p.aggregation WHEN 'median' THEN round(v.value) WHEN 'rate' THEN v.value ELSE coalesce(v.value, 0) END
            AS value,
        h.indicator_id IS NULL AND n.indicator_id IS NULL
        AND CASE p.aggregation
            WHEN 'rate' THEN coalesce(v.denominator, 0) >= 20
            WHEN 'median' THEN least(coalesce(v.n, 0), coalesce(c.persons, v.n, 0)) >= greatest(5, p.k)
            ELSE TRUE
        END AS is_published,
        p.aggregation IN ('count', 'distinct', 'stock', 'per_1000') OR p.n_count IS NOT NULL
        OR v.n = v.denominator AS is_n_published
    FROM protected AS p
    LEFT JOIN indicators.indicator_value AS v
        ON v.indicator_id = p.indicator_id AND v.area = p.area AND v.period = p.period
        AND v.breakdown_kind = p.kind AND v.breakdown = p.breakdown
    LEFT JOIN disclosure.person_count AS c
        ON c.count_id = p.indicator_id AND c.area = p.area AND c.period = p.period AND c.breakdown = p.breakdown
    LEFT JOIN held_back AS h
        ON h.indicator_id = p.indicator_id AND h.area = p.area AND h.period = p.period AND h.breakdown = p.breakdown
    LEFT JOIN unreported AS u
        ON u.indicator_id = p.indicator_id AND u.area = p.area AND u.period = p.period AND u.breakdown = p.breakdown
    LEFT JOIN indicators.not_reported AS n
        ON n.indicator_id = p.indicator_id AND n.area = p.area AND n.period = p.period
        AND n.breakdown_kind = p.kind AND n.breakdown = p.breakdown
)

SELECT
    v.indicator_id,  -- Kennung des Indikators
    v.area,  -- Gebiet
    v.period,  -- Zeitraum: 2023, 2023-Q1 oder 2022/23
    v.breakdown_kind,  -- Gliederung, oder total
    v.breakdown,  -- Gliederungsmerkmal; leer bei total
    v.numerator,  -- Zähler, bei Quoten und Werten je 1.000; leer, wenn geheim oder nicht gemeldet
    v.denominator,  -- Nenner, bei Quoten und Werten je 1.000; leer, wenn geheim oder nicht gemeldet
    v.value,  -- Wert; Mediane geschützter Indikatoren in ganzen Tagen; leer, wenn geheim oder nicht gemeldet
    v.n::BIGINT AS n,  -- Zahl der Zeilen oder Einheiten dahinter; leer, wenn geheim, nicht gemeldet oder nur als Klasse
    'published' AS status,  -- published (veröffentlicht), suppressed (geheim) oder not_reported (nicht gemeldet)
    NULL AS n_class,  -- Größenklasse von n, wo n selbst nicht veröffentlicht wird: 5-9, 10-19, 20-49, 50+
    b.text AS series_break  -- Warum der Wert mit dem vorigen nicht vergleichbar ist; leer ohne Bruch
FROM indicators.indicator_value AS v
INNER JOIN indicators.indicator AS i ON i.indicator_id = v.indicator_id AND i.k IS NULL
LEFT JOIN indicators.series_break AS b
    ON b.indicator_id = v.indicator_id AND b.area = v.area AND b.period = v.period AND v.breakdown_kind = 'total'
UNION ALL
SELECT
    u.indicator_id,
    u.area,
    u.period,
    u.breakdown_kind,
    u.breakdown,
    NULL,
    NULL,
    NULL,
    NULL,
    'not_reported',
    NULL,
    NULL
FROM indicators.not_reported AS u
INNER JOIN indicators.indicator AS i ON i.indicator_id = u.indicator_id AND i.k IS NULL
WHERE u.breakdown_kind = 'total'
UNION ALL
SELECT
    j.indicator_id,
    j.area,
    j.period,
    j.kind,
    j.breakdown,
    CASE WHEN j.is_published THEN j.numerator_value END,
    CASE WHEN j.is_published THEN j.denominator_value END,
    CASE WHEN j.is_published THEN j.value END,
    CASE WHEN j.is_published AND j.is_n_published THEN j.n::BIGINT END,
    CASE WHEN j.is_published THEN 'published' WHEN j.is_unreported THEN 'not_reported' ELSE 'suppressed' END,
    CASE WHEN j.is_published AND NOT coalesce(j.is_n_published, FALSE) THEN
        CASE
            WHEN j.n >= 50 THEN '50+'
            WHEN j.n >= 20 THEN '20-49'
            WHEN j.n >= 10 THEN '10-19'
            WHEN j.n >= 5 THEN '5-9'
        END
    END,
    b.text
FROM judged AS j
LEFT JOIN indicators.series_break AS b
    ON b.indicator_id = j.indicator_id AND b.area = j.area AND b.period = j.period AND j.kind = 'total'
WHERE NOT j.is_unreported OR j.kind = 'total'
ORDER BY 1, 2, 3, 4, 5
