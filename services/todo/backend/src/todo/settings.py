"""Settings from the environment, read once at start. Every problem is reported, not only the first."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

LOG_LEVELS: Final = ("debug", "info", "warning", "error", "critical")


class SettingsError(Exception):
    """What is wrong with the environment, one line per problem, never with a secret's value."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(
            "settings: {} problem{}\n{}".format(
                len(problems),
                "" if len(problems) == 1 else "s",
                "\n".join(f"  {problem}" for problem in problems),
            )
        )


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a deployment can change. Secrets are left out of the representation."""

    database_url: URL | None = field(default=None, repr=False)
    """Where the todos are; None only in tests and in `--help`."""
    database_owner_role: str | None = None
    """The role that owns the schema; migrations switch to it after connecting."""
    db_pool_size: int = 5
    """Connections kept open, per worker."""
    db_pool_overflow: int = 5
    """Connections opened beyond the pool under load, per worker."""
    db_timeout: float = 5.0
    """Seconds to wait for a connection, and for a single statement."""
    migrate_wait: float = 60.0
    """Seconds that migrations wait for the database to come up."""
    openai_api_key: str | None = field(default=None, repr=False)
    """Without it the assistant is off and everything else works."""
    openai_model: str = "gpt-4.1-mini"
    openai_base_url: str = "https://api.openai.com/v1"
    chat_timeout: float = 45.0
    """Seconds for one answer of the assistant, all its rounds together."""
    chat_rounds: int = 6
    """How often the assistant may call tools before it has to answer."""
    cors_origins: tuple[str, ...] = ()
    """Origins, beside our own, whose pages may call the API."""
    log_level: str = "info"
    workers: int = 1
    host: str = "0.0.0.0"
    port: int = 8000
    shutdown_timeout: int = 20
    """Seconds that running requests get after SIGTERM; keep it below the container's grace period."""
    version: str = "dev"


def read_secret(environment: Mapping[str, str], name: str) -> str | None:
    """The secret NAME: the content of the file that NAME_FILE names, or else the variable NAME itself."""
    path = environment.get(f"{name}_FILE", "")
    if path:
        value = Path(path).read_text(encoding="utf-8")
        value = value.removesuffix("\n").removesuffix("\r")
    else:
        value = environment.get(name, "")
    return value or None


def load_settings(environment: Mapping[str, str] | None = None, *, database: bool = True) -> Settings:
    """Reads and checks the environment. `database` says whether a database URL must be there.

    :raises SettingsError: with all problems at once
    """
    env = os.environ if environment is None else environment
    problems: list[str] = []
    values: dict[str, object] = {}

    def take(key: str, name: str, parse: Callable[[str], object]) -> None:
        text = env.get(name, "").strip()
        if not text:
            return
        try:
            values[key] = parse(text)
        except ValueError as error:
            problems.append(f"{name}: expected {error}, got {text!r}")

    def secret(name: str) -> str | None:
        try:
            return read_secret(env, name)
        except OSError as error:
            problems.append(f"{name}_FILE: cannot read {env.get(f'{name}_FILE')!r}: {error.strerror}")
        except UnicodeDecodeError:
            problems.append(f"{name}_FILE: expected UTF-8 text")
        return None

    known = len(problems)
    url = secret("DATABASE_URL")
    if url is not None:
        try:
            values["database_url"] = parse_database_url(url)
        except ValueError as error:
            problems.append(f"DATABASE_URL: expected {error}")
    elif database and len(problems) == known:
        problems.append("DATABASE_URL: not set; let DATABASE_URL_FILE name the file that holds it")
    key = secret("OPENAI_API_KEY")
    if key is not None:
        if key.strip() != key or not key.isascii() or not key.isprintable():
            problems.append("OPENAI_API_KEY: expected printable ASCII without spaces around it")
        else:
            values["openai_api_key"] = key

    take("database_owner_role", "DATABASE_OWNER_ROLE", str)
    take("db_pool_size", "DB_POOL_SIZE", whole(1, 200))
    take("db_pool_overflow", "DB_POOL_OVERFLOW", whole(0, 200))
    take("db_timeout", "DB_TIMEOUT", seconds(0.1, 120))
    take("migrate_wait", "MIGRATE_WAIT", seconds(0, 3600))
    take("openai_model", "OPENAI_MODEL", str)
    take("openai_base_url", "OPENAI_BASE_URL", http_url)
    take("chat_timeout", "CHAT_TIMEOUT", seconds(1, 600))
    take("chat_rounds", "CHAT_ROUNDS", whole(1, 20))
    take("cors_origins", "CORS_ORIGINS", origins)
    take("log_level", "LOG_LEVEL", log_level)
    take("workers", "WORKERS", whole(1, 64))
    take("host", "HOST", str)
    take("port", "PORT", whole(1, 65535))
    take("shutdown_timeout", "SHUTDOWN_TIMEOUT", whole(1, 3600))
    take("version", "VERSION", str)

    if problems:
        raise SettingsError(problems)
    return Settings(**values)  # type: ignore[arg-type]


def parse_database_url(text: str) -> URL:
    """A `postgresql://` URL for psycopg 3. The messages never repeat the URL: it holds a password."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError("a URL such as postgresql://user:password@host:5432/name") from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise ValueError("a URL that starts with postgresql://")
    if not url.database:
        raise ValueError("a URL that ends with the database's name")
    return url.set(drivername="postgresql+psycopg")


def whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def seconds(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ValueError(f"seconds from {low:g} to {high:g}")
        return value

    return parse


def http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an http:// or https:// URL")
    return text.rstrip("/")


def origins(text: str) -> tuple[str, ...]:
    listed = tuple(origin.strip() for origin in text.split(",") if origin.strip())
    for origin in listed:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
            raise ValueError("origins such as https://todo.example.com, separated by commas")
    return listed


def log_level(text: str) -> str:
    name = {"warn": "warning"}.get(text.lower(), text.lower())
    if name not in LOG_LEVELS:
        raise ValueError(f"one of {', '.join(LOG_LEVELS)}")
    return name
