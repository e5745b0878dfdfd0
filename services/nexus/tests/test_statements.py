import json

import pytest

from doubles import ENTRY, NOTE
from nexus.dataflow import statements
from nexus.dataflow.schema import Column, Table

EVIL = "'; drop table note; --"
KEY = {"id": "0d5c9c5e-4a0c-4a53-9d6e-6d0d8d3ad5a0"}


def test_values_are_parameters_never_text() -> None:
    made = [
        statements.create(NOTE, {"title": EVIL}),
        statements.update(NOTE, KEY, {"title": EVIL}, 3),
        statements.listing(NOTE, {"title": EVIL}, "id", None, 10),
        statements.delete(NOTE, {"id": EVIL}, None),
        statements.read(NOTE, {"id": EVIL}),
        statements.search(NOTE, EVIL, 5),
    ]
    for one in made:
        assert "drop table" not in one.sql
        assert "drop table" in json.dumps(one.values)
        one.clause()


def test_create_names_only_what_was_given_so_that_defaults_apply() -> None:
    assert statements.create(NOTE, {"title": "a", "tags": ["b"]}).sql == (
        'insert into "note" ("title", "tags") select r."title", r."tags" '
        'from jsonb_populate_record(null::"note", cast(:row as jsonb)) r '
        "returning to_jsonb(\"note\".*) - 'embedding'"
    )
    assert statements.create(ENTRY, {}).sql.startswith('insert into "entry" default values')


def test_update_guards_and_counts_the_version_and_keeps_the_time() -> None:
    made = statements.update(NOTE, KEY, {"body": "x"}, 3)
    assert '"version" = "note"."version" + 1' in made.sql
    assert '"note"."version" = :version' in made.sql
    assert '"updated_at" = now()' in made.sql
    assert made.values["version"] == 3
    assert "version" not in statements.update(ENTRY, {"id": 1}, {"note_id": KEY["id"]}, None).sql


def test_a_composite_key_is_matched_whole() -> None:
    pair = Table(
        "pair", (Column("a", "text", "text", True), Column("b", "text", "text", True)), key=("a", "b")
    )
    made = statements.read(pair, {"a": "1", "b": "2"})
    assert '"pair"."a" = (select' in made.sql and '"pair"."b" = (select' in made.sql
    assert json.loads(made.values["key"]) == {"a": "1", "b": "2"}


def test_pages_go_on_after_the_last_row_in_either_direction() -> None:
    row = {"id": KEY["id"], "created_at": "2026-01-01T00:00:00+00:00"}
    after = statements.cursor(row, statements.sort_columns(NOTE, "-created_at"))
    made = statements.listing(NOTE, {}, "-created_at", after, 2)
    assert '("note"."created_at", "note"."id") < (a."created_at", a."id")' in made.sql
    assert 'order by "note"."created_at" desc, "note"."id" desc' in made.sql
    assert json.loads(made.values["after"]) == {"created_at": row["created_at"], "id": row["id"]}
    assert made.values["limit"] == 3, "one more tells whether there is another page"
    assert '("note"."created_at", "note"."id") > ' in statements.listing(NOTE, {}, "created_at", after, 2).sql


@pytest.mark.parametrize("after", ["%%%", "e30=", "WyJhIl0="])
def test_cursors_of_something_else_are_refused(after: str) -> None:
    with pytest.raises(statements.BadCursor, match="after: expected"):
        statements.listing(NOTE, {}, "-created_at", after, 2)


def test_null_is_a_value_to_look_for() -> None:
    made = statements.listing(NOTE, {"body": None}, "id", None, 1)
    assert '"note"."body" is not distinct from f."body"' in made.sql
