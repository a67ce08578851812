-- Gebiete: der Kreis und seine Gemeinden, mit Verweis auf ihre Geometrie.
SELECT
    a.area,  -- Amtlicher Gemeindeschlüssel, beim Kreis der fünfstellige Kreisschlüssel
    a.name,  -- Name
    a.kind,  -- Art: Kreis, Stadt oder Gemeinde
    a.part_of,  -- Gebiet, zu dem es gehört; leer beim Kreis
    a.part_of IS NULL AS is_county,  -- Ob es der Kreis ist
    a.geometry_file,  -- Datei mit den Grenzen im Ordner des Kreises (GeoJSON, WGS84); leer beim Kreis
    a.geometry_key  -- Merkmal, das dort den Schlüssel trägt; leer beim Kreis
FROM vocabulary.area AS a
ORDER BY a.area
