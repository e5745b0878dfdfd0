from alembic.config import Config
from alembic.script import ScriptDirectory
from longshore_service.migrations import Schema

from nexus.dataflow.embedding import DIMENSIONS
from nexus.dataflow.seed import rows
from nexus.dataflow.settings import PACKAGE


def test_history_has_one_head_and_alembic_ini_leads_to_it() -> None:
    heads = ScriptDirectory.from_config(Config("alembic.ini")).get_heads()
    assert heads == [Schema(PACKAGE).head]


def test_the_samples_are_always_the_same_and_have_their_vectors() -> None:
    assert rows() == rows()
    assert all(str(row["embedding"]).count(",") == DIMENSIONS - 1 for row in rows())
