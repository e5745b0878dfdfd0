import logging
from dataclasses import replace

import pytest
from redis.exceptions import ConnectionError as Away
from sqlalchemy.exc import OperationalError

from doubles import ENTRY, NOTE, Cache
from nexus.dataflow import catalogue as module
from nexus.dataflow.catalogue import Catalogue
from nexus.dataflow.schema import Table


class Database:
    def __init__(self, *tables: Table) -> None:
        self.tables = list(tables)
        self.away = False

    async def __call__(self) -> list[Table]:
        if self.away:
            raise OperationalError("select", {}, Exception("away"))
        return self.tables


async def test_nodes_follow_the_schema() -> None:
    database = Database(NOTE)
    catalogue = Catalogue(database, Cache())
    assert await catalogue.refresh()
    assert not await catalogue.refresh(), "nothing changed"
    database.tables.append(replace(NOTE, name="book"))
    assert await catalogue.refresh()
    assert "book.create" in catalogue.nodes


async def test_a_restart_finds_what_was_generated(monkeypatch: pytest.MonkeyPatch) -> None:
    cache, database = Cache(), Database(NOTE, ENTRY)
    first = Catalogue(database, cache)
    await first.refresh()

    def never(_: object) -> None:
        raise AssertionError("generated again")

    monkeypatch.setattr(module, "nodes", never)
    second = Catalogue(database, cache)
    await second.refresh()
    assert second.nodes == first.nodes


async def test_nodes_are_told_of_before_the_database_answers() -> None:
    cache, database = Cache(), Database(NOTE)
    await Catalogue(database, cache).refresh()
    database.away = True
    restarted = Catalogue(database, cache)
    await restarted.restore()
    assert "note.search" in restarted.nodes and restarted.fingerprint
    with pytest.raises(OperationalError):
        await restarted.refresh()
    assert "note.search" in restarted.nodes


async def test_without_the_cache_everything_works_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    cache, database = Cache(), Database(NOTE)
    cache.error = Away("away")
    catalogue = Catalogue(database, cache)
    with caplog.at_level(logging.WARNING):
        await catalogue.restore()
        await catalogue.refresh()
        await catalogue.refresh()
    assert "note.create" in catalogue.nodes
    assert [record.message for record in caplog.records].count("nodes are not kept") == 1
    cache.error = None
    await catalogue.refresh()
    assert cache.kept["dataflow:current"] == catalogue.fingerprint, "kept as soon as it can be"


async def test_rubbish_in_the_cache_is_made_anew() -> None:
    cache, database = Cache(), Database(NOTE)
    first = Catalogue(database, cache)
    await first.refresh()
    cache.kept[f"{module.KEY}{first.fingerprint}"] = '{"tables": 1}'
    second = Catalogue(database, cache)
    await second.restore()
    await second.refresh()
    assert second.nodes == first.nodes
