-- Bevölkerung der Gebiete an einem Stichtag, für alle Gebiete auf derselben Zensusgrundlage.
SELECT
    s.ags AS area,  -- Gebiet
    s.reported_on,  -- Stichtag
    s.population,  -- Bevölkerung; leer, wenn dafür nur ein amtliches Zeichen steht
    s.foreigners,  -- Ausländerinnen und Ausländer desselben Satzes; leer, wo keine Zahl vorliegt
    s.census_base,  -- Zensus, auf dem die Zahl beruht: 1987, 2011 oder 2022; leer, wenn nicht bekannt
    s.population_source,  -- Herkunft: fortschreibung, zensus oder hand
    coalesce(bool_or(a.is_county AND s.population IS NOT NULL) OVER (PARTITION BY s.reported_on), FALSE)
        AS is_county_known,  -- Ob es für den Stichtag eine eigene Zahl des Kreises gibt; sonst gilt die Summe
    s.population_file AS source_file,  -- Datei, aus der die Zeile stammt
    s.population_sheet AS source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.population_row AS source_row  -- Zeile im Blatt
FROM staging.bevoelkerung_population AS s
INNER JOIN core.dim_area AS a ON a.area = s.ags
INNER JOIN quality.series_base AS b
    ON b.figure = 'population'
    AND b.reported_on = s.reported_on
    AND b.census_base IS NOT DISTINCT FROM s.census_base
WHERE s.population_source IS NOT NULL
ORDER BY s.population_file, s.population_sheet, s.population_row, s.reported_on
