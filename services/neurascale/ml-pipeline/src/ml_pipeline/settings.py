"""Settings from the environment."""

from dataclasses import dataclass
from pathlib import Path

from longshore_service.settings import ServiceSettings, setting, whole


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    port: int = setting(8080, whole(1, 65535))
    kafka_bootstrap: str = setting("kafka:9092", str)
    """`host:port` of brokers, separated by commas."""
    kafka_security_protocol: str = setting("PLAINTEXT", str)
    model: Path = setting(Path("/app/model"), Path)
    """Folder with the model that the build trained."""
