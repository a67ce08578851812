-- KIM Case Management: Fälle, aus der Gesamtliste mit dem jüngsten Stand.
SELECT
    r.case_no,  -- Fall (Pseudonym)
    r.age_group,  -- Altersgruppe bei Fallaufnahme
    r.sex,  -- Geschlecht
    r.nationality,  -- Staatsangehörigkeit
    r.language,  -- Sprache
    r.municipality,  -- Wohnort
    r.residence_status,  -- Aufenthaltsstatus
    r.registered_on,  -- Anmeldung am
    r.first_talk_on,  -- Erstgespräch am
    r.opened_on,  -- Fallaufnahme am
    r.closed_on,  -- Fallabschluss am
    r.closing_reason,  -- Grund des Abschlusses
    r.case_manager,  -- Case Manager/in (Pseudonym)
    r.source_file,  -- Datei, aus der die Zeile stammt
    r.source_part,  -- Teil der Datei, aus dem die Zeile stammt; leer, wenn sie nur einen hat
    r.source_sheet,  -- Blatt, aus dem die Zeile stammt
    r.source_row  -- Zeile im Blatt
FROM accepted.kim_case_management_cases AS r
INNER JOIN quality.counting_window AS w
    ON w.programme = 'kim_case_management'
    AND w.table_name = 'cases'
    AND w.file = r.source_file
    AND w.part = r.source_part
ORDER BY r.source_file, r.source_sheet, r.source_row
