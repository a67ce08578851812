-- Programme mit Laufzeit und Nachfolger.
SELECT
    p.programme,  -- Schlüssel des Programms
    p.title,  -- Name des Programms
    p.delivery,  -- Art der Lieferung: period (Zeitraum) oder snapshot (Gesamtliste)
    p.cadence,  -- Turnus der Lieferung
    p.since_year,  -- Jahr, in dem das Programm begann; leer, wenn nicht bekannt
    p.since_on,  -- Tag, an dem das Programm begann; leer, wenn nicht bekannt
    p.valid_to,  -- Ende des Programms; leer, wenn es läuft
    p.successor,  -- Nachfolger; leer, wenn es keinen gibt
    p.successor_key  -- Schlüssel des Nachfolgers, wenn er hier geliefert wird
FROM vocabulary.programme AS p
ORDER BY p.programme
