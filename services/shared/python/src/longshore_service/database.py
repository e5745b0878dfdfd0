"""The connection to PostgreSQL, and answers for when it is away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from .api import Readiness
from .logs import describe
from .problems import Problem, unexpected
from .settings import ServiceSettings, seconds, secret, setting, whole

log = logging.getLogger("longshore_service.database")

READY_TIMEOUT = 2.0
"""Seconds that a readiness probe waits for the database."""

UNAVAILABLE = (OperationalError, InterfaceError, PoolTimeout, OSError)
"""What a database that is away or restarts makes of a statement."""


def parse_database_url(given: str) -> URL:
    """A `postgresql://` URL for psycopg 3. The messages never repeat the URL: it holds a password."""
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        raise ValueError("a URL such as postgresql://user:password@host:5432/name") from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise ValueError("a URL that starts with postgresql://")
    if not url.database:
        raise ValueError("a URL that ends with the database's name")
    return url.set(drivername="postgresql+psycopg")


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings(ServiceSettings):
    """What every service with a database has."""

    database_url: URL | None = secret(parse_database_url, required=True)
    """None only in tests."""
    database_owner_role: str | None = setting(None, str)
    """The role that owns the schema; migrations switch to it after connecting."""
    db_pool_size: int = setting(5, whole(1, 200))
    """Connections kept open, per worker."""
    db_pool_overflow: int = setting(5, whole(0, 200))
    """Connections opened beyond the pool under load, per worker."""
    db_timeout: float = setting(5.0, seconds(0.1, 120))
    """Seconds to wait for a connection, and for a single statement."""
    migrate_wait: float = setting(60.0, seconds(0, 3600))
    """Seconds that migrations wait for the database to come up."""


def create_engine(settings: DatabaseSettings, name: str, *, size: int | None = None) -> AsyncEngine:
    """A pool that notices a database that was restarted.

    :param name: what the database shows its connections as, such as `todo-backend`
    :param size: makes a pool of exactly that many connections instead of the configured one
    """
    if settings.database_url is None:
        raise ValueError("the settings have no database URL")
    wait = max(1, round(settings.db_timeout))
    return create_async_engine(
        settings.database_url,
        pool_size=settings.db_pool_size if size is None else size,
        max_overflow=settings.db_pool_overflow if size is None else 0,
        pool_timeout=settings.db_timeout,
        pool_pre_ping=True,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args={
            "application_name": name,
            "connect_timeout": wait,
            "options": f"-c TimeZone=UTC -c statement_timeout={wait * 1000} -c idle_in_transaction_session_timeout=30000",
            # Prepared statements outlive no connection pooler in transaction mode.
            "prepare_threshold": None,
        },
    )


def become_owner(connection: Connection, settings: DatabaseSettings) -> None:
    """Takes the role that owns the schema, where there is one."""
    if settings.database_owner_role:
        role = connection.dialect.identifier_preparer.quote_identifier(settings.database_owner_role)
        connection.execute(text(f"set role {role}"))


async def reachable(engine: AsyncEngine) -> str | None:
    """The check of a service that looks after no schema: the database answers."""
    async with engine.connect() as connection:
        await connection.execute(text("select 1"))
    return None


def readiness(
    settings: DatabaseSettings,
    name: str,
    check: Callable[[AsyncEngine], Awaitable[str | None]] = reachable,
) -> Readiness:
    """Asks whether the database can be used: None, or the reason why not.

    :param name: as in `create_engine`, such as `todo-backend-probe`
    :param check: what makes it usable, such as `migrations.Schema("todo").check`
    """
    # Its own connection: a busy pool is no reason to take a replica out of service.
    probe = create_engine(settings, name, size=1)

    async def ready() -> str | None:
        try:
            async with asyncio.timeout(READY_TIMEOUT):
                return await check(probe)
        except TimeoutError:
            return f"the database did not answer within {READY_TIMEOUT:g} s"
        except (SQLAlchemyError, OSError) as error:
            log.warning("the database cannot be reached", extra={"error": describe(error)})
            return "the database cannot be reached"

    return ready


def handle_errors(app: FastAPI, service: str) -> None:
    """Makes problem documents of a database that is away, beside those of `problems.install`."""

    @app.exception_handler(PoolTimeout)
    async def _pool(_request: Request, error: PoolTimeout) -> JSONResponse:
        log.error("no database connection became free", extra={"error": describe(error)})
        busy = Problem(503, "busy", "Too many requests at once.", headers={"Retry-After": "2"})
        return busy.response(service)

    @app.exception_handler(DBAPIError)
    async def _database(_request: Request, error: DBAPIError) -> JSONResponse:
        log.error("a statement failed", extra={"error": describe(error)})
        if isinstance(error, OperationalError | InterfaceError):
            return unavailable().response(service)
        return unexpected().response(service)


def unavailable() -> Problem:
    return Problem(
        503,
        "database-unavailable",
        "The database cannot be reached at the moment.",
        headers={"Retry-After": "2"},
    )
