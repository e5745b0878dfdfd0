"""What a deployment can change."""

from dataclasses import dataclass

from longshore_service.settings import ServerSettings, seconds, setting, whole


@dataclass(frozen=True, kw_only=True)
class Settings(ServerSettings):
    port: int = setting(5000, whole(1, 65535))
    workers: int = setting(4, whole(1, 64))
    max_bytes: int = setting(20 * 2**20, whole(1, 2**30))
    """Largest body of a request."""
    max_pixels: int = setting(25_000_000, whole(1, 200_000_000))
    """What is larger is refused before it is decoded: some bytes can be very many pixels."""
    busy_wait: float = setting(5.0, seconds(0, 60))
    """How long a request waits for the worker's analysis before it; then the answer is 503, and another worker may be free."""
    analysis_timeout: float = setting(30.0, seconds(0.1, 600))
    """A worker whose analysis takes longer is ended and replaced: a decoder cannot be interrupted otherwise."""
