"""The migrations make what the code works with, with TimescaleDB and without."""

from collections.abc import Callable
from datetime import date
from importlib import import_module
from typing import Any

import pytest
from longshore_service.migrations import Schema
from sqlalchemy import create_mock_engine
from sqlalchemy.schema import CreateTable

from neural_processor import model
from neural_processor.partitions import months


def script(timescale: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    """All that the first migration would say to PostgreSQL."""
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    said: list[str] = []
    engine = create_mock_engine("postgresql+psycopg://", lambda sql, *_, **__: said.append(compiled(sql)))

    def compiled(sql: Any) -> str:
        return str(sql.compile(dialect=engine.dialect)) if hasattr(sql, "compile") else str(sql)

    class Bind:
        dialect = engine.dialect

        def scalar(self, _sql: object) -> bool | None:
            return timescale or None

    first = import_module("neural_processor.migrations.versions.0001_neurascale")
    context = MigrationContext.configure(
        dialect=engine.dialect, opts={"as_sql": True, "output_buffer": Buffer(said.append)}
    )
    operations = Operations(context)
    monkeypatch.setattr(operations, "get_bind", Bind)
    monkeypatch.setattr(first, "op", operations)
    first.upgrade()
    return " ".join("".join(said).split())


class Buffer:
    def __init__(self, write: Callable[[str], object]) -> None:
        self.write = write

    def flush(self) -> None:
        pass


def columns(text: str, table: str) -> set[str]:
    body = text.split(f"CREATE TABLE {table} (")[1].split(" CONSTRAINT ")[0].split(" PRIMARY KEY")[0]
    return {part.strip().rstrip(",") for part in body.split(", ")}


@pytest.mark.parametrize("timescale", [True, False])
def test_the_migration_makes_the_tables_of_the_model(
    timescale: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = script(timescale, monkeypatch)
    engine = create_mock_engine("postgresql+psycopg://", lambda *_: None)
    for table in model.metadata.sorted_tables:
        wanted = " ".join(str(CreateTable(table).compile(dialect=engine.dialect)).split())
        assert columns(text, table.name) == columns(wanted, table.name), table.name


def test_with_timescaledb_the_series_are_hypertables(monkeypatch: pytest.MonkeyPatch) -> None:
    text = script(True, monkeypatch)
    assert [f"create_hypertable('{table.name}', 'time'" in text for table in model.SERIES] == [True] * 3
    assert "PARTITION BY" not in text


def test_without_it_they_are_partitioned_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    text = script(False, monkeypatch)
    assert text.count("PARTITION BY RANGE (time)") == 3
    assert "create table chunk_default partition of chunk default" in text
    assert "hypertable" not in text


def test_months_follow_each_other_over_the_year() -> None:
    listed = months(date(2026, 11, 21), 3)
    assert listed == [
        (date(2026, 11, 1), date(2026, 12, 1)),
        (date(2026, 12, 1), date(2027, 1, 1)),
        (date(2027, 1, 1), date(2027, 2, 1)),
    ]


def test_there_is_one_head() -> None:
    assert Schema("neural_processor").head == "0001"
