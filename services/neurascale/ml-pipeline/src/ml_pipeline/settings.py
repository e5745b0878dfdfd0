"""Settings from the environment."""

from dataclasses import dataclass
from pathlib import Path

from longshore_service.settings import setting, whole
from neurascale_common.kafka import KafkaSettings


@dataclass(frozen=True, kw_only=True)
class Settings(KafkaSettings):
    port: int = setting(8080, whole(1, 65535))
    model: Path = setting(Path("/app/model"), Path)
    """Folder with the model that the build trained."""
