"""How Alembic connects."""

from longshore_service.migrations import run

from neural_processor.model import metadata
from neural_processor.settings import MigrateSettings

run("neural_processor", MigrateSettings, metadata)
