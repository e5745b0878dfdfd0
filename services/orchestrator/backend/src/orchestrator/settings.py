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
    """Where the orchestrators are; None only in tests and in `--help`."""
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
    cors_origins: tuple[str, ...] = ()
    """Origins, beside our own, whose pages may call the API."""
    log_level: str = "info"
    workers: int = 1
    """Processes that serve the API."""
    max_requests: int = 10_000
    """After about so many requests a process is replaced by a fresh one, where there are several; 0 is never."""
    max_requests_jitter: int = 1_000
    """Requests by which that differs from process to process, so that they are not replaced all at once."""
    host: str = "0.0.0.0"
    port: int = 8000
    shutdown_timeout: int = 20
    """Seconds that running requests get after SIGTERM; keep it below the container's grace period."""
    version: str = "dev"
    http_allow: frozenset[str] = frozenset()
    """Addresses that steps may ask, as `host:port`. Nothing else can be reached through a workflow."""
    concurrency: int = 4
    """Runs that one worker has in hand at the same time."""
    lease: float = 15.0
    """Seconds after which a run whose worker gave no sign of life is taken over by another."""
    poll: float = 0.5
    """Seconds between two looks for work, when there was none."""


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

    url = secret("DATABASE_URL")
    if url is not None:
        try:
            values["database_url"] = parse_database_url(url)
        except ValueError as error:
            problems.append(f"DATABASE_URL: expected {error}")
    elif database and not problems:
        problems.append("DATABASE_URL: not set; let DATABASE_URL_FILE name the file that holds it")

    take("database_owner_role", "DATABASE_OWNER_ROLE", str)
    take("db_pool_size", "DB_POOL_SIZE", whole(1, 200))
    take("db_pool_overflow", "DB_POOL_OVERFLOW", whole(0, 200))
    take("db_timeout", "DB_TIMEOUT", seconds(0.1, 120))
    take("migrate_wait", "MIGRATE_WAIT", seconds(0, 3600))
    take("cors_origins", "CORS_ORIGINS", origins)
    take("log_level", "LOG_LEVEL", log_level)
    take("workers", "WORKERS", whole(1, 64))
    take("max_requests", "MAX_REQUESTS", whole(0, 100_000_000))
    take("max_requests_jitter", "MAX_REQUESTS_JITTER", whole(0, 100_000_000))
    take("http_allow", "HTTP_ALLOW", addresses)
    take("concurrency", "CONCURRENCY", whole(1, 100))
    take("lease", "LEASE", seconds(1, 3600))
    take("poll", "POLL", seconds(0.05, 60))
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


def addresses(text: str) -> frozenset[str]:
    """`host:port, …`; a URL counts as the host and port that it names."""
    found = set()
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            found.add(address_of(part if "//" in part else f"//{part}"))
        except ValueError:
            raise ValueError("addresses such as api.example.com:443, separated by commas") from None
    return frozenset(found)


def address_of(url: str) -> str:
    """The `host:port` that a URL leads to.

    :raises ValueError: when it has none, or more than an address has
    """
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    if not parts.hostname or port is None or "@" in parts.netloc:
        raise ValueError("no address")
    return f"{parts.hostname}:{port}"


def origins(text: str) -> tuple[str, ...]:
    listed = tuple(origin.strip() for origin in text.split(",") if origin.strip())
    for origin in listed:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
            raise ValueError("origins such as https://orchestrator.example.com, separated by commas")
    return listed


def log_level(text: str) -> str:
    name = {"warn": "warning"}.get(text.lower(), text.lower())
    if name not in LOG_LEVELS:
        raise ValueError(f"one of {', '.join(LOG_LEVELS)}")
    return name
