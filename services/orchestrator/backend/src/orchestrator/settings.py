"""Settings from the environment."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from longshore_service.database import DatabaseSettings
from longshore_service.settings import ServerSettings, listed, seconds, setting, whole


def address_of(url: str) -> str:
    """The `host:port` that a URL leads to.

    :raises ValueError: when it has none, or more than an address has
    """
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    if not parts.hostname or port is None or "@" in parts.netloc:
        raise ValueError("no address")
    return f"{parts.hostname}:{port}"


def addresses(text: str) -> frozenset[str]:
    """`host:port, …`; a URL counts as the host and port that it names."""
    try:
        return frozenset(address_of(part if "//" in part else f"//{part}") for part in listed(text))
    except ValueError:
        raise ValueError("addresses such as api.example.com:443, separated by commas") from None


@dataclass(frozen=True, kw_only=True)
class Settings(ServerSettings, DatabaseSettings):
    """All that a deployment can change."""

    http_allow: frozenset[str] = setting(frozenset(), addresses)
    """Addresses that steps may ask, as `host:port`. Nothing else can be reached through a workflow."""
    concurrency: int = setting(4, whole(1, 100))
    """Maximum number of concurrent runs per worker."""
    lease: float = setting(15.0, seconds(1, 3600))
    """Seconds after which a run whose worker gave no sign of life is taken over by another."""
    poll: float = setting(0.5, seconds(0.05, 60))
    """Seconds between two looks for work, when there was none."""
