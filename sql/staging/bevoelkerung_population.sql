-- Bevölkerungsstatistik: Bevölkerung, aus den Lieferungen, die zählen.
SELECT
    r.ags,  -- Amtlicher Gemeindeschlüssel
    r.municipality,  -- Gemeinde
    r.population,  -- Bevölkerung: insgesamt
    r.population_male,  -- Bevölkerung: männlich
    r.population_female,  -- Bevölkerung: weiblich
    r.foreigners,  -- Ausländer: insgesamt
    r.foreigners_male,  -- Ausländer: männlich
    r.foreigners_female,  -- Ausländer: weiblich
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.bevoelkerung_population AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'bevoelkerung'
    AND w.table_name = 'population'
    AND w.file = r.source_file
    AND w.part = r.source_part
ORDER BY r.source_file, r.source_sheet, r.source_row
