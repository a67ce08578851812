-- Lücken im Angebot: Bedarfe aus dem Case Management neben den Angeboten am Jahresende, je Gebiet und Thema.
WITH by_theme AS (
    SELECT
        v.period,
        v.area,
        v.breakdown AS theme,
        coalesce(max(v.value) FILTER (v.indicator_id = 'kim_needs'), 0)::BIGINT AS needs,
        coalesce(max(v.value) FILTER (v.indicator_id = 'kim_needs_unmet'), 0)::BIGINT AS unmet_needs,
        coalesce(max(v.value) FILTER (v.indicator_id = 'offers_capacity'), 0)::BIGINT AS capacity,
        coalesce(max(v.value) FILTER (v.indicator_id = 'offers_free'), 0)::BIGINT AS free_places
    FROM indicators.indicator_value AS v
    INNER JOIN core.calendar_period AS p ON p.period = v.period AND p.calendar = 'year'
    INNER JOIN core.coverage AS n
        ON n.programme = 'kim_case_management' AND n.table_name = 'needs' AND n.period = v.period
    INNER JOIN core.coverage AS o ON o.programme = 'angebote' AND o.table_name = 'offers' AND o.period = v.period
    WHERE
        v.indicator_id IN ('kim_needs', 'kim_needs_unmet', 'offers', 'offers_capacity', 'offers_free')
        AND v.breakdown_kind = 'theme'
    GROUP BY v.period, v.area, v.breakdown
)

SELECT
    t.period,  -- Jahr
    t.area,  -- Gebiet; Angebote beim Kreis dienen allen, zählen aber nur beim Kreis
    t.theme,  -- Thema
    t.needs,  -- Bedarfe
    t.unmet_needs,  -- davon ohne Angebot oder auf der Warteliste
    t.unmet_needs / nullif(t.needs, 0) AS unmet_rate,  -- Anteil; leer ohne Bedarfe
    t.capacity,  -- Plätze der Angebote am Jahresende
    t.free_places,  -- davon frei
    t.unmet_needs > t.free_places AND t.unmet_needs >= 3 AS gap  -- Lücke: mindestens 3 und mehr als frei
FROM by_theme AS t
ORDER BY t.period, t.area, t.theme
