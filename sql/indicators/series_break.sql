-- Wo eine Zeitreihe, die auf Bevölkerungszahlen beruht, ihre Grundlage oder Quelle wechselt, je Indikator, Gebiet und
-- Jahr. Ob ein Wert je 1.000 geheim ist, spielt keine Rolle: es zählen die Jahre, in denen sein Nenner vorliegt.
WITH sources (foreigners_source, name) AS (
    VALUES
    ('fortschreibung', 'Bevölkerungsfortschreibung'),
    ('zensus', 'Zensus'),
    ('azr', 'Ausländerzentralregister'),
    ('hand', 'Angabe des Kreises')
),

bases (census_base, name, of_it) AS (
    VALUES
    ('1987', 'Volkszählung 1987', 'der Volkszählung 1987'),
    ('2011', 'Zensus 2011', 'des Zensus 2011'),
    ('2022', 'Zensus 2022', 'des Zensus 2022')
),

municipality_count AS (
    SELECT count(*) AS municipalities
    FROM core.dim_area AS a
    WHERE NOT a.is_county
),

on_base AS (
    SELECT
        r.reporting_area AS area,
        s.reported_on,
        s.census_base,
        max(s.population) FILTER (r.reporting_area = s.ags) AS own,
        sum(s.population) FILTER (r.reporting_area <> s.ags) AS together,
        count(s.population) FILTER (r.reporting_area <> s.ags) AS members
    FROM staging.bevoelkerung_population AS s
    INNER JOIN core.area_rollup AS r ON r.area = s.ags
    WHERE s.census_base IS NOT NULL
    GROUP BY r.reporting_area, s.reported_on, s.census_base
),

population_on_base AS (
    SELECT
        b.area,
        b.reported_on,
        b.census_base,
        coalesce(b.own, CASE WHEN b.members = m.municipalities THEN b.together END) AS population
    FROM on_base AS b
    CROSS JOIN municipality_count AS m
),

origin AS (
    SELECT
        r.reporting_area AS area,
        f.reported_on,
        string_agg(DISTINCT s.name, ' und ' ORDER BY s.name) AS source_name
    FROM core.fact_foreigners AS f
    INNER JOIN core.area_rollup AS r ON r.area = f.area AND (r.reporting_area = f.area OR NOT f.is_county_known)
    INNER JOIN sources AS s ON s.foreigners_source = f.foreigners_source
    GROUP BY r.reporting_area, f.reported_on
),

year_of_series AS (
    SELECT
        v.indicator_id AS figure,
        v.area,
        v.period,
        p.last_day,
        b.census_base,
        o.source_name
    FROM indicators.base_value AS v
    INNER JOIN core.calendar_period AS p ON p.period = v.period AND p.calendar = 'year'
    INNER JOIN quality.series_base AS b ON b.figure = v.indicator_id AND b.reported_on = p.last_day
    LEFT JOIN origin AS o
        ON v.indicator_id = 'foreigners_rate' AND o.area = v.area AND o.reported_on = p.last_day
    WHERE v.breakdown_kind = 'total' AND v.value IS NOT NULL
),

compared AS (
    SELECT
        y.*,
        lag(y.last_day) OVER series AS day_before,
        lag(y.census_base) OVER series AS base_before,
        lag(y.source_name) OVER series AS source_before
    FROM year_of_series AS y
    WINDOW series AS (PARTITION BY y.figure, y.area ORDER BY y.last_day)
),

changed AS (
    SELECT
        c.*,
        coalesce(c.census_base <> c.base_before, FALSE) AS has_new_base,
        coalesce(c.source_name <> c.source_before, FALSE) AS has_new_source
    FROM compared AS c
),

both_figures AS (
    SELECT
        c.figure,
        c.area,
        c.period,
        max_by(
            ' Am ' || strftime(o.reported_on, '%d.%m.%Y') || ' ergaben beide '
            || replace(format('{:,}', o.population::BIGINT), ',', '.') || ' und '
            || replace(format('{:,}', n.population::BIGINT), ',', '.') || ' Personen; die Differenz von '
            || CASE WHEN n.population < o.population THEN '−' ELSE '' END
            || replace(format('{:,}', abs(n.population - o.population)::BIGINT), ',', '.') || ' ist keine Entwicklung.',
            o.reported_on
        ) AS said
    FROM changed AS c
    INNER JOIN population_on_base AS o ON o.area = c.area AND o.census_base = c.base_before
    INNER JOIN population_on_base AS n
        ON n.area = c.area AND n.census_base = c.census_base AND n.reported_on = o.reported_on
    WHERE
        c.has_new_base
        AND o.reported_on BETWEEN c.day_before AND c.last_day
        AND o.population IS NOT NULL
        AND n.population IS NOT NULL
    GROUP BY c.figure, c.area, c.period
),

told AS (
    SELECT
        c.figure,
        c.area,
        c.period,
        c.last_day AS first_day,
        CASE WHEN c.has_new_base THEN 'Neue Grundlage der Bevölkerungszahlen: ' || n.name
            ELSE 'Neue Quelle der Ausländerzahlen: ' || c.source_name
        END AS title,
        CASE WHEN c.has_new_base THEN n.name ELSE c.source_name END AS mark,
        'ab ' || strftime(c.last_day, '%d.%m.%Y') AS since,
        concat_ws(
            ' ',
            CASE WHEN c.has_new_base THEN
                'Bis ' || strftime(c.day_before, '%d.%m.%Y') || ' Fortschreibung ' || o.of_it || ', ab '
                || strftime(c.last_day, '%d.%m.%Y') || ' ' || n.of_it || '.' || coalesce(b.said, '')
            END,
            CASE WHEN c.has_new_source THEN
                'Ausländerzahlen bis ' || strftime(c.day_before, '%d.%m.%Y') || ' aus: ' || c.source_before || ', ab '
                || strftime(c.last_day, '%d.%m.%Y') || ' aus: ' || c.source_name || '.'
            END
        ) AS text
    FROM changed AS c
    LEFT JOIN bases AS n ON n.census_base = c.census_base
    LEFT JOIN bases AS o ON o.census_base = c.base_before
    LEFT JOIN both_figures AS b ON b.figure = c.figure AND b.area = c.area AND b.period = c.period
    WHERE c.has_new_base OR c.has_new_source
)

SELECT
    i.indicator_id,  -- Kennung des Indikators
    t.area,  -- Gebiet
    t.period,  -- Jahr, ab dem die neue Grundlage gilt
    t.first_day,  -- Erster Stichtag mit der neuen Grundlage
    t.title,  -- Was sich geändert hat
    t.mark,  -- Kurzform an der Achse
    t.since,  -- Ab wann, in Worten
    t.text  -- Was beim Lesen zu beachten ist
FROM told AS t
INNER JOIN indicators.indicator AS i
    ON i.indicator_id = t.figure
    OR t.figure = CASE i.per_1000_base WHEN 'foreigners' THEN 'foreigners_rate' ELSE i.per_1000_base END
ORDER BY i.indicator_id, t.area, t.period
