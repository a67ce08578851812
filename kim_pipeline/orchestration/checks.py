"""The checks of a built warehouse as Dagster asset checks.

Those that block run before anything is published; the others warn. All read the new internal file on one connection.
"""

from collections.abc import Iterator

import dagster as dg

from kim_pipeline.orchestration.keys import QUALITY, table_key
from kim_pipeline.orchestration.metadata import offending_table
from kim_pipeline.orchestration.resources import CHECK_OP, NIGHT, night_of, publish_if_last
from kim_pipeline.warehouse.checks import MOST_ROWS, Check, blocking_checks, plausibility_checks

_ABOUT_DELIVERIES = f"{QUALITY}.sheet_account"


def check_asset(check: Check) -> dg.AssetKey:
    """The asset that a check is shown at."""
    return table_key(check.asset or _ABOUT_DELIVERIES)


def integrity_checks() -> dg.AssetChecksDefinition:
    """Every check of `warehouse.checks`, each with the rows that break it."""
    blocking, warning = blocking_checks(), plausibility_checks()
    by_key = {dg.AssetCheckKey(check_asset(check), check.name): check for check in (*blocking, *warning)}
    names = {check.name for check in blocking}

    @dg.multi_asset_check(
        name=CHECK_OP,
        specs=[
            dg.AssetCheckSpec(c.name, asset=k.asset_key, description=c.description, blocking=c.name in names)
            for k, c in by_key.items()
        ],
        can_subset=True,
        required_resource_keys={NIGHT},
        description="Prüft die neue interne Datei, bevor etwas veröffentlicht wird.",
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        night = night_of(context)
        with night.reader() as connection:
            for key, check in by_key.items():
                if key in context.selected_asset_check_keys:
                    rows = night.offending(connection, check)
                    yield _result(key, rows, is_blocking=check.name in names)
        if not night.failed:
            publish_if_last(context, CHECK_OP)

    return checks


def _result(key: dg.AssetCheckKey, rows: list[dict[str, object]], *, is_blocking: bool) -> dg.AssetCheckResult:
    severity = dg.AssetCheckSeverity.ERROR if is_blocking else dg.AssetCheckSeverity.WARN
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=not rows,
        severity=severity,
        metadata={
            f"Anzahl (höchstens {MOST_ROWS})": len(rows),
            "Gefundene Zeilen": dg.MetadataValue.md(offending_table(rows)),
        },
    )
