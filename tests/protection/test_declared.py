"""Every published column says what it tells, and one that does not keeps a night from publishing."""

from __future__ import annotations

import duckdb
import pytest

from kim_pipeline.protection.declared import UndeclaredError, declarations, refuse_undeclared
from kim_pipeline.warehouse.sql_models import load_models
from tests.built import sample_build


def published_columns() -> set[tuple[str, str]]:
    with duckdb.connect(str(sample_build()[1]), read_only=True) as connection:
        return set(
            connection.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal").fetchall()
        )


def test_every_column_of_the_published_models_is_declared() -> None:
    refuse_undeclared((model.name, column) for model in load_models(["published"]) for column in model.columns)


def test_what_is_declared_is_what_is_published() -> None:
    assert declarations().keys() == published_columns()


def test_a_column_that_nobody_declared_is_refused_and_told_where_to_declare_it() -> None:
    with pytest.raises(UndeclaredError, match=r"indicator_value\.secret.*sql/published/declared\.toml"):
        refuse_undeclared([("indicator_value", "value"), ("indicator_value", "secret")])


def test_numbers_are_harmless_only_where_no_row_of_a_person_is_counted() -> None:
    with duckdb.connect(str(sample_build()[1]), read_only=True) as connection:
        numbers = set(
            connection.execute(
                "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal "
                "AND data_type IN ('BIGINT', 'INTEGER', 'DOUBLE', 'HUGEINT', 'DECIMAL(18,2)')"
            ).fetchall()
        )
    harmless = {(table, column) for table, column in numbers if declarations()[table, column].tells == "harmless"}
    of_no_person = {
        "measure",
        "measure_goal",
        "measure_decision",
        "indicator",
        "column_dictionary",
        "delivery_status",
        "programme",
    }
    assert {table for table, _ in harmless} - of_no_person <= {"offer_gap", "measure_review_missing", "measure_review"}
    assert {column for table, column in harmless if table not in of_no_person} <= {
        "capacity",
        "free_places",
        "measure_no",
    }
