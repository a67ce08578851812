-- Auf welchem Zensus die Bevölkerungszahlen eines Jahres beruhen, für alle Gebiete derselbe.
SELECT
    b.figure AS indicator_id,  -- Kennung des Indikators: population oder foreigners_rate
    p.period,  -- Jahr, an dessen Ende der Stichtag liegt
    b.census_base  -- Zensus: 1987, 2011 oder 2022; leer, wenn nicht bekannt
FROM quality.series_base AS b
INNER JOIN core.calendar_period AS p ON p.calendar = 'year' AND p.last_day = b.reported_on
ORDER BY 1, 2
