from alembic.config import Config
from alembic.script import ScriptDirectory

from orchestrator.database import Schema, create_engine, migrations
from orchestrator.graph import issues
from orchestrator.schemas import STEPS
from orchestrator.seed import rows
from orchestrator.settings import load_settings


def test_history_has_one_head_and_alembic_ini_leads_to_it() -> None:
    assert len(migrations().get_heads()) == 1
    assert ScriptDirectory.from_config(Config("alembic.ini")).get_heads() == migrations().get_heads()


def test_schema_accepts_our_head_and_newer_releases_but_nothing_older() -> None:
    class Scripts:
        def get_current_head(self) -> str:
            return "0003"

        def walk_revisions(self) -> list[object]:
            return [type("Script", (), {"revision": revision}) for revision in ("0003", "0002", "0001")]

    schema = Schema(Scripts())  # type: ignore[arg-type]
    assert schema.accepts(["0003"])
    assert schema.accepts(["0004"])
    assert not schema.accepts(["0002"])
    assert not schema.accepts([])


def test_the_pool_is_as_configured() -> None:
    settings = load_settings(
        {"DATABASE_URL": "postgresql://u:p@h/d", "DB_POOL_SIZE": "3", "DB_POOL_OVERFLOW": "7"}
    )
    pool = create_engine(settings).pool
    assert (pool.size(), pool._max_overflow) == (3, 7)  # type: ignore[attr-defined]
    assert create_engine(settings, size=1).pool._max_overflow == 0  # type: ignore[attr-defined]


def test_the_samples_are_sound_and_always_the_same() -> None:
    assert rows() == rows()
    for row in rows():
        assert issues(STEPS.validate_python(row["steps"])) == []
