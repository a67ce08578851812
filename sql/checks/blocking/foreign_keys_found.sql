-- Jede Gemeinde, Sprache, Staatsangehörigkeit, jedes Thema, jeder Rechtskreis und jedes Programm ist bekannt.
-- asset: core.dim_area
SELECT
    'fact_interpreter_request' AS fact,
    'area' AS dimension,
    f.source_file,
    f.source_row
FROM core.fact_interpreter_request AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_interpreter_request',
    'language',
    f.source_file,
    f.source_row
FROM core.fact_interpreter_request AS f
ANTI JOIN core.dim_language AS d ON d.language = f.language
WHERE f.language IS NOT NULL
UNION ALL
SELECT
    'fact_case',
    'area',
    f.source_file,
    f.source_row
FROM core.fact_case AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_case',
    'nationality',
    f.source_file,
    f.source_row
FROM core.fact_case AS f
ANTI JOIN core.dim_nationality AS d ON d.nationality = f.nationality
WHERE f.nationality IS NOT NULL
UNION ALL
SELECT
    'fact_case',
    'language',
    f.source_file,
    f.source_row
FROM core.fact_case AS f
ANTI JOIN core.dim_language AS d ON d.language = f.language
WHERE f.language IS NOT NULL
UNION ALL
SELECT
    'fact_station',
    'area',
    f.source_file,
    f.source_row
FROM core.fact_station AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_station',
    'jurisdiction',
    f.source_file,
    f.source_row
FROM core.fact_station AS f
ANTI JOIN core.dim_jurisdiction AS d ON d.jurisdiction = f.jurisdiction
WHERE f.jurisdiction IS NOT NULL
UNION ALL
SELECT
    'fact_need',
    'area',
    f.source_file,
    f.source_row
FROM core.fact_need AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_need',
    'theme',
    f.source_file,
    f.source_row
FROM core.fact_need AS f
ANTI JOIN core.dim_theme AS d ON d.theme = f.theme
WHERE f.theme IS NOT NULL
UNION ALL
SELECT
    'fact_grant',
    'area',
    f.source_file,
    f.source_row
FROM core.fact_grant AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_fit_group',
    'area',
    f.source_file,
    f.source_row
FROM core.fact_fit_group AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_tuition',
    'area',
    f.source_file,
    f.source_row
FROM core.fact_tuition AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_mentorship',
    'area',
    f.source_file,
    f.source_row
FROM core.fact_mentorship AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_consultation',
    'area',
    f.source_file,
    f.source_row
FROM core.fact_consultation AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_consultation',
    'nationality',
    f.source_file,
    f.source_row
FROM core.fact_consultation AS f
ANTI JOIN core.dim_nationality AS d ON d.nationality = f.nationality
WHERE f.nationality IS NOT NULL
UNION ALL
SELECT
    'fact_consultation',
    'language',
    f.source_file,
    f.source_row
FROM core.fact_consultation AS f
ANTI JOIN core.dim_language AS d ON d.language = f.language
WHERE f.language IS NOT NULL
UNION ALL
SELECT
    'fact_training_event',
    'area',
    f.source_file,
    f.source_row
FROM core.fact_training_event AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_placement',
    'area',
    f.source_file,
    f.source_row
FROM core.fact_placement AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_contact',
    'area',
    f.source_file,
    f.source_row
FROM core.fact_contact AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_contact',
    'nationality',
    f.source_file,
    f.source_row
FROM core.fact_contact AS f
ANTI JOIN core.dim_nationality AS d ON d.nationality = f.nationality
WHERE f.nationality IS NOT NULL
UNION ALL
SELECT
    'fact_contact',
    'theme',
    f.source_file,
    f.source_row
FROM core.fact_contact AS f
ANTI JOIN core.dim_theme AS d ON d.theme = f.theme
WHERE f.theme IS NOT NULL
UNION ALL
SELECT
    'fact_participation',
    'area',
    f.source_file,
    f.source_row
FROM core.fact_participation AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_offer',
    'area',
    f.source_file,
    f.source_row
FROM core.fact_offer AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_offer',
    'theme',
    f.source_file,
    f.source_row
FROM core.fact_offer AS f
ANTI JOIN core.dim_theme AS d ON d.theme = f.theme
WHERE f.theme IS NOT NULL
UNION ALL
SELECT
    'fact_population',
    'area',
    f.source_file,
    f.source_row
FROM core.fact_population AS f
ANTI JOIN core.dim_area AS d ON d.area = f.area
WHERE f.area IS NOT NULL
UNION ALL
SELECT
    'fact_measure',
    'programme',
    f.source_file,
    f.source_row
FROM core.fact_measure AS f
ANTI JOIN core.dim_programme AS d ON d.programme = f.programme
WHERE f.programme IS NOT NULL
