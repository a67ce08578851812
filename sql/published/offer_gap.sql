-- Lücken im Angebot je Jahr: Bedarfe aus dem Case Management neben den Angeboten am Jahresende; der Kreis nach Themen,
-- die Gemeinden im Ganzen (Thema total). Was geheim bleibt, ist leer, und mit ihm die Lücke, außer wo schon die Zahl
-- der Bedarfe sie ausschließt.
WITH covered AS (
    SELECT n.period
    FROM core.coverage AS n
    INNER JOIN core.coverage AS o ON o.programme = 'angebote' AND o.table_name = 'offers' AND o.period = n.period
    WHERE n.programme = 'kim_case_management' AND n.table_name = 'needs' AND n.calendar = 'year'
),

figure AS (
    SELECT
        v.period,
        v.area,
        CASE WHEN v.breakdown_kind = 'total' THEN 'total' ELSE v.breakdown END AS theme,
        v.indicator_id,
        v.status,
        v.value
    FROM published.indicator_value AS v
    INNER JOIN covered AS c ON c.period = v.period
    INNER JOIN core.dim_area AS a ON a.area = v.area
    WHERE
        v.indicator_id IN ('kim_needs', 'kim_needs_unmet', 'kim_needs_unmet_rate', 'offers_capacity', 'offers_free')
        AND v.breakdown_kind = CASE WHEN a.is_county THEN 'theme' ELSE 'total' END
),

beside AS (
    SELECT
        f.period,
        f.area,
        f.theme,
        max(f.value) FILTER (f.indicator_id = 'kim_needs') AS known_needs,
        coalesce(bool_or(f.status = 'suppressed') FILTER (f.indicator_id = 'kim_needs'), FALSE) AS is_needs_hidden,
        max(f.value) FILTER (f.indicator_id = 'kim_needs_unmet') AS known_unmet,
        coalesce(bool_or(f.status = 'suppressed') FILTER (f.indicator_id = 'kim_needs_unmet'), FALSE)
            AS is_unmet_hidden,
        max(f.value) FILTER (f.indicator_id = 'kim_needs_unmet_rate') AS unmet_rate,
        coalesce(max(f.value) FILTER (f.indicator_id = 'offers_capacity'), 0)::BIGINT AS capacity,
        coalesce(max(f.value) FILTER (f.indicator_id = 'offers_free'), 0)::BIGINT AS free_places
    FROM figure AS f
    GROUP BY f.period, f.area, f.theme
)

SELECT
    b.period,  -- Jahr
    b.area,  -- Gebiet; Angebote beim Kreis dienen allen, zählen aber nur beim Kreis
    b.theme,  -- Thema; total bei den Gemeinden
    CASE WHEN NOT b.is_needs_hidden THEN coalesce(b.known_needs, 0)::BIGINT END AS needs,  -- Bedarfe; leer, wenn geheim
    CASE WHEN NOT b.is_unmet_hidden THEN coalesce(b.known_unmet, 0)::BIGINT END
        AS unmet_needs,  -- davon ohne Angebot oder auf der Warteliste; leer, wenn geheim
    b.unmet_rate,  -- Anteil; leer, wenn geheim oder bei weniger als 20 Bedarfen
    b.capacity,  -- Plätze der Angebote am Jahresende
    b.free_places,  -- davon frei
    CASE
        WHEN NOT b.is_unmet_hidden THEN coalesce(b.known_unmet > b.free_places AND b.known_unmet >= 3, FALSE)
        WHEN NOT b.is_needs_hidden AND coalesce(b.known_needs, 0) < greatest(3, b.free_places + 1) THEN FALSE
    END AS gap  -- Lücke: mindestens 3 ungedeckte und mehr als frei; leer, wenn geheim
FROM beside AS b
ORDER BY b.period, b.area, b.theme
