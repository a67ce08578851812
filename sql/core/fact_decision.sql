-- Entscheidungen der Gremien.
SELECT
    s.decision_no,  -- Beschlussnummer
    s.decided_on,  -- Datum
    s.body,  -- Gremium
    b.rank AS body_rank,  -- Rang des Gremiums
    s.concept,  -- Konzept; leer, wenn nicht genannt
    s.measure_no,  -- Maßnahmennummer
    s.kind,  -- Beschlussart
    s.decision,  -- Entscheidung
    s.due_on,  -- Umzusetzen bis
    s.done_on,  -- Erledigt am
    s.responsible,  -- Zuständig, wie geliefert
    s.source_file,  -- Datei, aus der die Zeile stammt
    s.source_sheet,  -- Blatt, aus dem die Zeile stammt
    s.source_row  -- Zeile im Blatt
FROM staging.beschluesse_decisions AS s
LEFT JOIN core.dim_body AS b ON b.body = s.body
ORDER BY s.source_file, s.source_sheet, s.source_row
