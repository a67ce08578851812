-- Ausländerinnen und Ausländer mit der Bevölkerung desselben Satzes, für alle Gebiete auf derselben Zensusgrundlage.
SELECT
    s.ags AS area,  -- Gebiet
    s.reported_on,  -- Stichtag
    s.population,  -- Bevölkerung
    s.foreigners,  -- Ausländerinnen und Ausländer
    s.foreigners_female,  -- Ausländerinnen; leer, wo keine Zahl vorliegt
    s.census_base,  -- Zensus, auf dem die Zahlen beruhen: 1987, 2011 oder 2022; leer, wenn nicht bekannt
    s.foreigners_source,  -- Herkunft: fortschreibung, zensus, azr oder hand
    coalesce(bool_or(a.is_county) OVER (PARTITION BY s.reported_on), FALSE)
        AS is_county_known,  -- Ob es für den Stichtag eigene Zahlen des Kreises gibt; sonst gilt die Summe
    s.foreigners_file AS source_file,  -- Datei, aus der die Zeile stammt
    s.foreigners_sheet AS source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.foreigners_row AS source_row,  -- Zeile im Blatt
    s.population_file AS population_source_file,  -- Datei, aus der die Bevölkerung stammt
    s.population_sheet AS population_source_sheet,  -- Blatt, aus dem die Bevölkerung stammt
    s.population_row AS population_source_row  -- Zeile der Bevölkerung im Blatt
FROM staging.bevoelkerung_population AS s
INNER JOIN core.dim_area AS a ON a.area = s.ags
INNER JOIN quality.series_base AS b
    ON b.figure = 'foreigners_rate'
    AND b.reported_on = s.reported_on
    AND b.census_base IS NOT DISTINCT FROM s.census_base
WHERE s.population IS NOT NULL AND s.foreigners IS NOT NULL
ORDER BY s.foreigners_file, s.foreigners_sheet, s.foreigners_row, s.reported_on
