"""Parts of a night, by the names that people use: a programme, a layer, a check. Knows no Dagster.

Belongs here: which tables there are, what each is made from, and which of them a name stands for. A part chooses what
a run shows; what is built, checked and published is always everything.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Programme, Table
from kim_pipeline.night import published_models, table_models
from kim_pipeline.warehouse.build import loaded_tables
from kim_pipeline.warehouse.checks import Check, blocking_checks, plausibility_checks
from kim_pipeline.warehouse.generated import READ

DELIVERIES, QUALITY, STAGING, PUBLISHED = "deliveries", "quality", "staging", "published"
HIDDEN_CELLS = "disclosure.hidden_cell"
BUILD_INFO = f"{PUBLISHED}.build_info"
_SETTLED = frozenset(
    f"{QUALITY}.{name}" for name in ("build_day", "compared_text", "counting_window", "merged_record", "series_base")
)
_ABOUT_DELIVERIES = (f"{QUALITY}.delivery", f"{QUALITY}.sheet_account")
ON_TIME, ACCEPTED, DECIDED, QUARANTINE = (
    "delivered_on_time", "delivery_accepted", "delivery_decided", "quarantine_share",
)  # fmt: skip
"""Names of the checks that each programme's deliveries have."""


def deliveries_of(programme: str) -> str:
    """The name under which a programme's deliveries stand among the tables."""
    return f"{DELIVERIES}.{programme}"


def accepted_table(name: str) -> tuple[Programme, Table]:
    """Programme and table of `accepted.<programme>_<table>`, or of what staging makes of it."""
    plain = name.removesuffix(READ)
    return next((p, t) for p in programmes().values() for t in p.tables if f"{p.key}_{t.name}" in (name, plain))


def group_of(full_name: str) -> str:
    """The group of a table: deliveries and staging tables belong to their programme, any other to its layer."""
    schema, name = full_name.split(".")
    if schema == DELIVERIES:
        return name
    return accepted_table(name)[0].key if schema == STAGING else schema


@cache
def loaded() -> dict[str, str]:
    """Tables that are loaded and not selected, `schema.table` → German description.

    What settling has decided is not among them, such as which delivery counts for which days: every staging table would
    seem to be made from the deliveries of all programmes.
    """
    return {name: texts["_"] for name, texts in loaded_tables().items() if name not in _SETTLED}


@cache
def parents() -> dict[str, frozenset[str]]:
    """Everything that a night makes, deliveries and tables by `schema.table` → what it is made from."""
    deliveries = frozenset(deliveries_of(key) for key in programmes())
    found: dict[str, frozenset[str]] = dict.fromkeys(sorted(deliveries), frozenset())
    found |= {name: deliveries if group_of(name) == QUALITY else frozenset() for name in loaded()}
    layer = HIDDEN_CELLS.split(".", maxsplit=1)[0]
    found[HIDDEN_CELLS] = frozenset(m.full_name for m in table_models() if m.schema == layer)
    found[BUILD_INFO] = frozenset(_ABOUT_DELIVERIES)
    models = [*table_models(), *published_models()]
    known = found.keys() | {model.full_name for model in models}
    for model in models:
        sources = (source_of(name) for name in model.parents)
        found[model.full_name] = frozenset(name for name in sources if name in known)
    return found


def source_of(full_name: str) -> str:
    """What stands for a table that the SQL names: for accepted rows the deliveries that they come from."""
    schema, name = full_name.split(".")
    return deliveries_of(accepted_table(name)[0].key) if schema == "accepted" else full_name


def table_of(check: Check) -> str:
    """The table that a check is shown at."""
    return check.asset or _ABOUT_DELIVERIES[-1]


def part_names() -> dict[str, list[str]]:
    """Kind of part, as people call it → the names that there are."""
    checks = [check.name for check in (*blocking_checks(), *plausibility_checks())]
    return {
        "Programme": list(programmes()),
        "Schichten": sorted({group_of(name) for name in parents()} - set(programmes())),
        "Prüfungen": sorted([*checks, ON_TIME, ACCEPTED, DECIDED, QUARANTINE]),
    }


def shown_by(names: Collection[str]) -> frozenset[str]:
    """What a run of some parts shows: what begins there and all that is made from it, and what a check is about.

    The tables about the deliveries and the published ones are always among them.

    Args:
        names: of parts, as in `part_names`.
    """
    begin = {name for name in parents() if group_of(name) in names and not _is_staging_of(name)}
    shown = {name for name in parents() if group_of(name) in (QUALITY, PUBLISHED)} | _made_from(begin)
    shown |= {table_of(c) for c in (*blocking_checks(), *plausibility_checks()) if c.name in names}
    if {ON_TIME, ACCEPTED, DECIDED, QUARANTINE} & set(names):
        shown |= {deliveries_of(key) for key in programmes()}
    return frozenset(shown)


def _is_staging_of(full_name: str) -> bool:
    """A staging table follows from its programme's deliveries anyhow."""
    return full_name.startswith(f"{STAGING}.")


def _made_from(begin: Collection[str]) -> set[str]:
    """Some tables, and all that is made from them, directly or not."""
    found: set[str] = set()
    newest = set(begin)
    while newest:
        found |= newest
        newest = {name for name, sources in parents().items() if sources & newest} - found
    return found


def concerns(check: Check, only: Collection[str] | None) -> bool:
    """Whether a run of some parts (None: of all) is about a check."""
    return only is None or table_of(check) in shown_by(only)
