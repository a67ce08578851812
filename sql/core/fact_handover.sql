-- Übergaben: zwei aufeinanderfolgende Stationen eines Falls, deren frühere beendet ist.
SELECT
    f.case_no,  -- Fall (Pseudonym)
    f.area,  -- Gebiet
    f.jurisdiction || '→' || f.next_jurisdiction AS interface,  -- Schnittstelle: Rechtskreise davor und danach
    f.next_started_on AS handed_over_on,  -- Beginn der späteren Station
    greatest(f.next_started_on - f.ended_on, 0) AS wait_days,  -- Tage dazwischen; Überschneidung zählt 0
    f.source_file,  -- Datei, aus der die Zeile stammt
    f.source_sheet,  -- Blatt, aus dem die Zeile stammt
    f.source_row,  -- Zeile im Blatt
    f.next_source_file,  -- Datei, aus der die Zeile der späteren Station stammt
    f.next_source_sheet,  -- Blatt, aus dem die Zeile der späteren Station stammt
    f.next_source_row  -- Zeile der späteren Station im Blatt
FROM (
    SELECT
        t.*,
        lead(t.jurisdiction) OVER steps AS next_jurisdiction,
        lead(t.started_on) OVER steps AS next_started_on,
        lead(t.source_file) OVER steps AS next_source_file,
        lead(t.source_sheet) OVER steps AS next_source_sheet,
        lead(t.source_row) OVER steps AS next_source_row
    FROM core.fact_station AS t
    WINDOW steps AS (PARTITION BY t.case_no ORDER BY t.step)
) AS f
WHERE f.ended_on IS NOT NULL AND f.next_started_on IS NOT NULL
ORDER BY f.source_file, f.source_sheet, f.source_row
