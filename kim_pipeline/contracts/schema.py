"""The pandera schema of a contract model.

Belongs here: all that a declaration (`model.py`, `rules.py`) means to pandera. It is imported when rows are validated.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.engines import pandas_engine

from kim_pipeline.contracts.model import ContractModel, Day, Field, Number, Text, Whole, YesNo
from kim_pipeline.contracts.rules import STATISTIC, RowRule

METADATA_KEY = "contract"
"""Under which a pandera column's metadata carry the contract's."""
_TYPES: dict[type, type] = {
    Text: str,
    Number: float,
    Whole: pd.Int64Dtype,
    YesNo: pd.BooleanDtype,
    Day: pandas_engine.DateTime,
}


class _Base(pa.DataFrameModel):
    class Config:
        """Parsing comes first, validation sees typed columns only (`style.md`, known traps of pandera)."""

        strict = True
        coerce = False


@cache
def schema_of(model: type[ContractModel]) -> pa.DataFrameSchema:
    """The schema of a contract model; its checks of whole rows carry their `RowRule` (`rules.declared_rule`)."""
    fields = {name: _field(field) for name, field in model.fields().items()}
    rules = {name: _check(rule) for name, rule in vars(model).items() if isinstance(rule, RowRule)}
    types = {name: _TYPES[model.__annotations__[name]] for name in fields}
    made = type(model.__name__, (_Base,), {"__annotations__": types, "__doc__": model.__doc__, **fields, **rules})
    schema: pa.DataFrameSchema = made.to_schema()  # type: ignore[attr-defined]
    return schema


def _field(field: Field) -> Any:
    options: dict[str, Any] = dict(field.bounds)
    if field.column.kind == "date":
        options["dtype_kwargs"] = {"unit": "ms"}
    return pa.Field(nullable=field.is_nullable, metadata={METADATA_KEY: field.column}, **options)


def _check(rule: RowRule) -> Any:
    def check(cls: type, frame: pd.DataFrame) -> pd.Series[bool]:
        return rule.keeps(frame)

    return pa.dataframe_check(check, name=f"{rule.rule}({','.join(rule.columns)})", statistics={STATISTIC: rule})
