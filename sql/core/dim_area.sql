-- Gebiete: der Kreis und seine Gemeinden.
SELECT
    a.area,  -- Amtlicher Gemeindeschlüssel, beim Kreis der fünfstellige Kreisschlüssel
    a.name,  -- Name
    a.kind,  -- Art: Kreis, Stadt oder Gemeinde
    a.part_of  -- Gebiet, zu dem es gehört; leer beim Kreis
FROM vocabulary.area AS a
ORDER BY a.area
