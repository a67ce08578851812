-- Katalog der Indikatoren: was sie zählen, woher sie kommen, was sie nicht sagen.
SELECT
    i.indicator_id,  -- Kennung
    i.label,  -- Name
    i.definition,  -- Definition
    i.unit,  -- Einheit des Wertes
    i.counting_unit,  -- Zähleinheit; über verschiedene wird nie summiert
    i.numerator,  -- Zähler, bei Quoten und Werten je 1.000
    i.denominator,  -- Nenner, bei Quoten und Werten je 1.000
    i.programme,  -- Programm, aus dem er kommt
    i.table_name,  -- Tabelle des Programms, deren Lieferungen ihn abdecken
    i.aggregation,  -- Art: count, distinct, stock, sum, rate, median, per_1000 oder level
    i.calendars,  -- Zeiträume, für die er gilt: year, quarter, school_year
    i.breakdown_kind,  -- Gliederung; leer, wenn es keine gibt
    i.breakdown_complete,  -- Ob sich die Gliederung zum Ganzen summiert
    i.is_share,  -- Ob eine Quote zwischen 0 und 1 liegt: der Zähler ist Teil des Nenners
    i.per_1000_of,  -- Indikator im Zähler eines Wertes je 1.000
    i.is_headline,  -- Ob er die Aktivität des Programms misst (Prüfung der Maßnahmen)
    i.county_only,  -- Ob er nur für den Kreis gilt
    i.direction,  -- Richtung: higher, lower oder neutral
    i.is_amount,  -- Ob er Stunden oder Euro summiert
    i.numerator_count,  -- Zahl im Zähler einer geschützten Quote
    i.denominator_count,  -- Zahl im Nenner einer geschützten Quote
    i.difference_count,  -- Nenner minus Zähler einer geschützten Quote
    i.at_most,  -- Zahl, die er nie übersteigt
    i.parts,  -- Zahlen, die Teile von ihm sind; dazu kommt ein unveröffentlichter Rest
    i.inflow,  -- Zugang eines Bestandes
    i.outflow,  -- Abgang eines Bestandes
    i.n_within,  -- Zahlen, die etwas über die Zahl der Werte hinter einem Median sagen
    i.n_count,  -- Indikator, der die Zahl der Zeilen hinter einer Summe ist
    i.hidden_with,  -- Zahl, mit der eine Summe von Stunden oder Euro geheim bleibt
    i.contributors,  -- Zahl der Personen, die zu einer Summe von Stunden oder Euro beitragen; mit ihr bleibt sie geheim
    i.k,  -- Kleinste Zahl, die veröffentlicht werden darf; leer, wenn jede
    i.caveat  -- Was er nicht sagt
FROM vocabulary.indicator AS i
ORDER BY i.position
