"""Settings from the environment."""

from dataclasses import dataclass

from longshore_service.database import DatabaseSettings
from longshore_service.settings import ServerSettings, http_url, printable, seconds, secret, setting, whole


@dataclass(frozen=True, kw_only=True)
class Settings(ServerSettings, DatabaseSettings):
    """All that a deployment can change."""

    openai_api_key: str | None = secret(printable)
    """Without it the assistant is off and everything else works."""
    openai_model: str = setting("gpt-4.1-mini", str)
    openai_base_url: str = setting("https://api.openai.com/v1", http_url)
    chat_timeout: float = setting(45.0, seconds(1, 600))
    """Seconds for one answer of the assistant, all its rounds together."""
    chat_rounds: int = setting(6, whole(1, 20))
    """How often the assistant may call tools before it has to answer."""
