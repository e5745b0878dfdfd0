"""Settings from the environment."""

from dataclasses import dataclass

from longshore_service.redis_connection import RedisSettings
from longshore_service.settings import ServerSettings, http_url, seconds, setting, truth, whole


@dataclass(frozen=True, kw_only=True)
class Settings(ServerSettings, RedisSettings):
    port: int = setting(8081, whole(1, 65535))
    neural_processor_url: str = setting("http://neural-processor:8080", http_url)
    discovery_interval: float = setting(10.0, seconds(1, 3600))
    """Seconds between two looks for devices."""
    simulated_devices: int = setting(1, whole(0, 16))
    """Devices that are none, and say so."""
    bluetooth: bool = setting(True, truth)
    """Whether to listen for Bluetooth devices."""
    lease: float = setting(6.0, seconds(2, 300))
    """Seconds after which another manager takes over the devices of one that gives no sign of life."""
