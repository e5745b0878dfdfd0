"""How Alembic connects."""

from longshore_service.migrations import run

from orchestrator.model import Base
from orchestrator.settings import Settings

run("orchestrator", Settings, Base.metadata)
