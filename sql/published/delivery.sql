-- Lieferungen mit Stand und Verwendung.
SELECT
    d.programme,  -- Schlüssel des Programms
    d.file,  -- Datei, bezogen auf den Ordner des Programms
    d.part,  -- Teil der Datei; leer, wenn sie nur einen hat
    d.sha256,  -- Prüfsumme des Inhalts; leer, wenn die Datei nicht lesbar ist
    d.period,  -- Berichtszeitraum; leer bei Gesamtlisten
    d.as_of,  -- Stand
    d.status,  -- counted (zählt), superseded (ersetzt), rejected (zurückgewiesen) oder held (angehalten)
    CASE WHEN d.status <> 'held' THEN d.reason END AS reason,  -- Grund, wenn sie nicht zählt
    d.attribution  -- Quellenangabe einer amtlichen Tabelle, die zählt; sonst leer
FROM quality.delivery AS d
ORDER BY d.programme, d.file, d.part
