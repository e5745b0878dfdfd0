"""How Alembic connects."""

from longshore_service.migrations import run

from todo.model import Base
from todo.settings import Settings

run("todo", Settings, Base.metadata)
