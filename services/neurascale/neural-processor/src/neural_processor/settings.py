"""Settings from the environment."""

from dataclasses import dataclass

from longshore_service.database import DatabaseSettings
from longshore_service.settings import ServerSettings, secret, setting, whole


def redis_url(text: str) -> str:
    if not text.startswith(("redis://", "rediss://")):
        raise ValueError("a URL such as redis://:password@host:6379/0")
    return text


@dataclass(frozen=True, kw_only=True)
class MigrateSettings(DatabaseSettings):
    """What the migration needs."""


@dataclass(frozen=True, kw_only=True)
class Settings(ServerSettings, DatabaseSettings):
    port: int = setting(8080, whole(1, 65535))
    metrics_port: int = setting(8081, whole(1, 65535))
    """Where Prometheus asks, beside the API."""
    redis_url: str | None = secret(redis_url, required=True)
    kafka_bootstrap: str = setting("kafka:9092", str)
    """`host:port` of brokers, separated by commas."""
    kafka_security_protocol: str = setting("PLAINTEXT", str)
