"""The facit cases notice every change of a contract: each mutant of a contract breaks at least one case.

A mutant is a contract in memory with one bound shifted, one rule, required flag, key, period date, date flag, reference
or personal treatment removed. A mutant that no case notices is a rule that nobody tests.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, cast

import pandera.pandas as pa
import pytest

from kim_pipeline.contracts import programmes
from kim_pipeline.contracts.model import Column, ContractModel, Programme, Table
from kim_pipeline.contracts.rules import declared_rule
from kim_pipeline.contracts.schema import METADATA_KEY
from tests.facit import Facit
from tests.helpers_tables import TABLES
from tests.reading.test_rules import FACIT, Case, cases, period_date_problem, problem_of, reference_problem

pytestmark = pytest.mark.slow

Change = Callable[[pa.DataFrameSchema], None]
BOUNDS: dict[str, Callable[..., pa.Check]] = {
    "greater_than": pa.Check.gt,
    "greater_than_or_equal_to": pa.Check.ge,
    "less_than": pa.Check.lt,
    "less_than_or_equal_to": pa.Check.le,
}
OPPOSITE = {
    "greater_than": "greater_than_or_equal_to",
    "greater_than_or_equal_to": "greater_than",
    "less_than": "less_than_or_equal_to",
    "less_than_or_equal_to": "less_than",
}


class Mutant:
    """Stands in for a model: its schema is the contract's, changed."""

    def __init__(self, model: type[ContractModel], change: Change) -> None:
        """Change a copy of the schema."""
        self._schema = copy.deepcopy(model.to_schema())
        change(self._schema)

    def to_schema(self) -> pa.DataFrameSchema:
        return self._schema

    def columns(self) -> dict[str, Column]:
        """As the schema's metadata say."""
        return {
            name: dataclasses.replace(column.metadata[METADATA_KEY], name=name)
            for name, column in self._schema.columns.items()
        }


def with_model(table: Table, change: Change) -> Table:
    return dataclasses.replace(table, model=cast(Any, Mutant(table.model, change)))


def with_column(table: Table, name: str, **flags: Any) -> Table:
    def change(schema: pa.DataFrameSchema) -> None:
        column = schema.columns[name]
        contract: Column = column.metadata[METADATA_KEY]
        column.metadata = {METADATA_KEY: dataclasses.replace(contract, **flags)}
        column.nullable = column.nullable or "required" in flags

    return with_model(table, change)


def with_bound(table: Table, name: str, index: int, *new: pa.Check) -> Table:
    def change(schema: pa.DataFrameSchema) -> None:
        checks = list(schema.columns[name].checks)
        schema.columns[name].checks = [*checks[:index], *new, *checks[index + 1 :]]

    return with_model(table, change)


def without_rule(table: Table, index: int) -> Table:
    def change(schema: pa.DataFrameSchema) -> None:
        schema.checks = [check for at, check in enumerate(schema.checks) if at != index]

    return with_model(table, change)


def bound_mutants(table: Table) -> Iterator[tuple[str, Table]]:
    """Every bound gone, shifted up and down by a little, and with its end the other way round."""
    for name, column in table.schema.columns.items():
        little = 1 if table.columns[name].kind == "whole" else 0.01
        for index, check in enumerate(column.checks):
            kind, value = str(check.name), next(iter((check.statistics or {}).values()))
            yield f"{name} without {kind}", with_bound(table, name, index)
            yield f"{name} {OPPOSITE[kind]}", with_bound(table, name, index, BOUNDS[OPPOSITE[kind]](value))
            for shifted in (value - little, value + little):
                yield f"{name} {kind} {shifted}", with_bound(table, name, index, BOUNDS[kind](shifted))


def flag_mutants(table: Table) -> Iterator[tuple[str, Table]]:
    for c in table.delivered:
        if c.required and c.kind != "yes_no" and c.headers:
            yield f"{c.name} not required", with_column(table, c.name, required=False)
        if c.required and c.kind == "yes_no":
            yield f"{c.name} not required", with_column(table, c.name, required=False)
        if c.key and c.headers:
            yield f"{c.name} no key", with_column(table, c.name, key=False)
        if c.period_date:
            yield f"{c.name} no period date", with_column(table, c.name, period_date=False)
        if c.personal:
            yield f"{c.name} not personal", with_column(table, c.name, personal=None)
    if table.future_dates:
        yield "no future dates", dataclasses.replace(table, future_dates=False)
    if table.reference:
        yield "no reference", dataclasses.replace(table, reference=None)


def mutants(table: Table) -> Iterator[tuple[str, Table]]:
    yield from bound_mutants(table)
    for index, check in enumerate(table.schema.checks):
        rule = declared_rule(check)
        yield f"without {rule.rule if rule else index} {index}", without_rule(table, index)
    yield from flag_mutants(table)


def replaced(programme: Programme, table: Table) -> Programme:
    tables = tuple(table if t.name == table.name else t for t in programme.tables)
    return dataclasses.replace(programme, tables=tables)


def is_noticed(programme: Programme, table: str, facit: Facit, ordered: list[Case]) -> bool:
    """Whether a case fails; a contract that cannot even be read is noticed too."""
    try:
        if reference_problem(programme, table, facit) or period_date_problem(programme, table, facit):
            return True
        return any(problem_of(programme, table, case) for case in ordered)
    except Exception:  # noqa: BLE001  (whatever breaks, breaks the case)
        return True


def relevant_first(facit: Facit, mutant: str, table: Table) -> list[Case]:
    """The cases, those that name the mutated column first, to be quick."""
    column = table.columns.get(mutant.split(" ", 1)[0])
    headers = column.headers if column else ()
    named = list(cases(facit))
    return [case for name, case in sorted(named, key=lambda n: not any(h in n[0] for h in headers))]


MUTANTS = [
    (programme, table, name, mutant)
    for programme, table in TABLES
    for name, mutant in mutants(programmes()[programme].table(table))
]


@pytest.mark.parametrize(
    ("programme", "table", "name", "mutant"), MUTANTS, ids=[f"{table} {name}" for _, table, name, _ in MUTANTS]
)
def test_a_case_notices(programme: str, table: str, name: str, mutant: Table) -> None:
    facit = FACIT[programme, table]
    original = programmes()[programme]
    ordered = relevant_first(facit, name, original.table(table))
    assert is_noticed(replaced(original, mutant), table, facit, ordered)


@pytest.mark.parametrize(("programme", "table"), TABLES)
def test_no_case_fails_without_a_change(programme: str, table: str) -> None:
    """The machinery of mutation itself changes nothing."""
    original = programmes()[programme]
    same = replaced(original, with_model(original.table(table), lambda schema: None))
    facit = FACIT[programme, table]
    assert not is_noticed(same, table, facit, [case for _, case in cases(facit)])
