"""Settings from the environment."""

from dataclasses import dataclass

from longshore_service.database import DatabaseSettings
from longshore_service.redis_connection import RedisSettings
from longshore_service.settings import ServerSettings, setting, whole
from neurascale_common.kafka import KafkaSettings


@dataclass(frozen=True, kw_only=True)
class MigrateSettings(DatabaseSettings):
    """What the migration needs."""


@dataclass(frozen=True, kw_only=True)
class Settings(ServerSettings, DatabaseSettings, RedisSettings, KafkaSettings):
    port: int = setting(8080, whole(1, 65535))
    metrics_port: int = setting(8081, whole(1, 65535))
    """Where Prometheus asks, beside the API."""
