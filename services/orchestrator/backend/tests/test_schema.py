from alembic.config import Config
from alembic.script import ScriptDirectory
from longshore_service.migrations import Schema

from orchestrator.graph import issues
from orchestrator.schemas import STEPS
from orchestrator.seed import rows


def test_history_has_one_head_and_alembic_ini_leads_to_it() -> None:
    assert ScriptDirectory.from_config(Config("alembic.ini")).get_heads() == [Schema("orchestrator").head]


def test_the_samples_are_sound_and_always_the_same() -> None:
    assert rows() == rows()
    for row in rows():
        assert issues(STEPS.validate_python(row["steps"])) == []
