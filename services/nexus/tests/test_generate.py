from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from doubles import ENTRY, NOTE
from nexus.dataflow.generate import GENERATOR, nodes
from nexus.dataflow.schema import Column, Table, fingerprint, from_json, usable
from nexus.nodes import Node


def node(name: str, *tables: Table) -> Node:
    return next(one for one in nodes(tables or [NOTE, ENTRY]) if one.name == name)


def names(*tables: Table) -> list[str]:
    return [one.name for one in nodes(tables)]


def test_a_table_gets_what_our_login_may_do_with_it() -> None:
    assert names(NOTE) == [
        f"note.{operation}" for operation in ("create", "read", "update", "delete", "list", "search")
    ]
    assert names(replace(NOTE, rights=("select",))) == ["note.read", "note.list", "note.search"]
    assert names(replace(NOTE, key=())) == ["note.create", "note.list"], (
        "without a key no single row can be named"
    )
    assert [one.internal for one in nodes([NOTE, ENTRY])] == [False] * 6 + [True] * 5


def test_input_asks_for_what_the_database_asks_for() -> None:
    schema = node("note.create").input
    assert schema["required"] == ["title"]
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == {"id", "title", "body", "tags", "mood", "about"}, (
        "the rest is kept for the writer"
    )
    assert schema["properties"]["title"] == {"type": "string", "maxLength": 20}
    assert schema["properties"]["body"]["type"] == ["string", "null"]
    assert schema["properties"]["tags"]["items"] == {"type": "string", "maxLength": 100_000}
    assert schema["properties"]["mood"] == {"enum": ["calm", "wild", None]}
    assert schema["properties"]["about"] == {}
    assert node("entry.create").input["required"] == ["note_id"], "an identity is never given"


def test_a_version_guards_updates_where_there_is_one() -> None:
    assert node("note.update").input["required"] == ["id", "version"]
    plain = replace(NOTE, columns=tuple(one for one in NOTE.columns if one.name != "version"))
    assert node("note.update", plain).input["required"] == ["id"]


def test_output_shows_no_vectors_and_does_not_judge_what_is_stored() -> None:
    row = node("note.read").output
    assert "embedding" not in row["properties"]
    assert row["properties"]["title"] == {"type": "string"}


def test_search_needs_an_embedding_of_our_size_and_of_text() -> None:
    def with_embedding(**changes: Any) -> Table:
        return replace(NOTE, columns=(*NOTE.columns[:-1], replace(NOTE.columns[-1], **changes)))

    assert "note.search" in names(with_embedding())
    assert "note.search" not in names(with_embedding(type="vector(3)"))
    assert "note.search" not in names(with_embedding(comment="embedding of title, nothing"))
    assert "note.search" not in names(with_embedding(comment=""))


def test_every_schema_is_one() -> None:
    for one in nodes([NOTE, ENTRY]):
        Draft202012Validator.check_schema(one.input)
        Draft202012Validator.check_schema(one.output)


def test_lists_sort_by_what_is_never_null_and_start_at_the_key() -> None:
    order = node("note.list").input["properties"]["order"]
    assert order["default"] == "id"
    assert order["enum"] == [
        "id", "-id", "title", "-title", "version", "-version", "created_at", "-created_at", "updated_at", "-updated_at",
    ]  # fmt: skip


def test_the_fingerprint_follows_the_schema_and_the_generator() -> None:
    first = fingerprint([NOTE, ENTRY], GENERATOR)
    assert fingerprint([NOTE, ENTRY], GENERATOR) == first
    wider = replace(NOTE, columns=(*NOTE.columns, Column("rank", "integer", "int4")))
    assert fingerprint([wider, ENTRY], GENERATOR) != first
    assert fingerprint([replace(NOTE, rights=("select",)), ENTRY], GENERATOR) != first
    assert fingerprint([NOTE, ENTRY], "another") != first


def test_tables_with_names_that_need_quotes_are_left_out() -> None:
    odd = replace(NOTE, name='note"; drop table note; --')
    column = replace(NOTE, name="fine", columns=(*NOTE.columns, Column("Größe", "text", "text")))
    unseen = replace(NOTE, name="unseen", rights=("insert",))
    assert [one.name for one in usable([odd, column, unseen, ENTRY])] == ["entry"]


@pytest.mark.parametrize("table", [NOTE, ENTRY])
def test_tables_survive_the_cache(table: Table) -> None:
    import json
    from dataclasses import asdict

    assert from_json(json.loads(json.dumps(asdict(table)))) == table
