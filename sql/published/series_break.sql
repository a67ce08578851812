-- Brüche in den Zeitreihen, die auf Bevölkerungszahlen beruhen: neue Grundlage oder Quelle, je Indikator, Gebiet und
-- Jahr.
SELECT
    b.indicator_id,  -- Kennung des Indikators
    b.area,  -- Gebiet
    b.period,  -- Jahr, ab dem die neue Grundlage gilt
    b.first_day,  -- Erster Stichtag mit der neuen Grundlage
    b.title,  -- Was sich geändert hat
    b.mark,  -- Kurzform an der Achse
    b.since,  -- Ab wann, in Worten
    b.text  -- Was beim Lesen zu beachten ist
FROM indicators.series_break AS b
ORDER BY b.indicator_id, b.area, b.period
