"""Settings of dataflow, and of its jobs."""

from dataclasses import dataclass

from longshore_service.database import DatabaseSettings
from longshore_service.redis_connection import RedisSettings
from longshore_service.settings import ServerSettings, seconds, setting

PACKAGE = "nexus.dataflow"


@dataclass(frozen=True, kw_only=True)
class Settings(DatabaseSettings, RedisSettings, ServerSettings):
    schema_poll: float = setting(2.0, seconds(0.1, 3600))
    """Seconds between two looks at the schema."""
