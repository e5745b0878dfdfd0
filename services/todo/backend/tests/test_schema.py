from datetime import UTC, datetime
from uuid import uuid4

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from longshore_service.migrations import Schema

from todo.repository import BadCursor, Cursor, escape_like


def test_history_has_one_head_and_alembic_ini_leads_to_it() -> None:
    assert ScriptDirectory.from_config(Config("alembic.ini")).get_heads() == [Schema("todo").head]


def test_cursors_round_trip_and_nonsense_is_refused() -> None:
    cursor = Cursor(datetime(2026, 5, 4, 3, 2, 1, 123456, UTC), uuid4())
    assert Cursor.decode(cursor.encode()) == cursor
    for nonsense in ("", "x", "💥", "MjAyNi0wMS0wMSBub3BlCg", cursor.encode()[:-4]):
        with pytest.raises(BadCursor):
            Cursor.decode(nonsense)


def test_search_text_is_taken_literally() -> None:
    assert escape_like(r"50%_\o/") == r"50\%\_\\o/"
