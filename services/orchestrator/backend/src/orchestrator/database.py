"""The connection to PostgreSQL, and whether its schema is the one this build needs."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from importlib.resources import files
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from .logs import describe
from .settings import Settings

log = logging.getLogger("orchestrator.database")

READY_TIMEOUT = 2.0
"""Seconds that a readiness probe waits for the database."""


def create_engine(settings: Settings, *, name: str = "backend", size: int | None = None) -> AsyncEngine:
    """A pool that notices a database that was restarted.

    `size` makes a pool of exactly that many connections instead of the configured one.
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
            "application_name": f"orchestrator-{name}",
            "connect_timeout": wait,
            "options": f"-c TimeZone=UTC -c statement_timeout={wait * 1000} -c idle_in_transaction_session_timeout=30000",
            # Prepared statements outlive no connection pooler in transaction mode.
            "prepare_threshold": None,
        },
    )


def migrations() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(files("orchestrator") / "migrations"))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


class Schema:
    """The schema this build was written for."""

    def __init__(self, scripts: ScriptDirectory | None = None) -> None:
        scripts = scripts or migrations()
        self.head = scripts.get_current_head()
        self._known = {script.revision for script in scripts.walk_revisions()}

    def accepts(self, revisions: Iterable[str]) -> bool:
        """Whether the database is at our head, or beyond it.

        A revision that we do not know comes from a newer release whose migrations ran before its rollout. We
        still serve then: migrations are additive, and otherwise every rollout would begin with an outage.
        """
        found = set(revisions)
        return self.head in found or bool(found - self._known)

    async def check(self, engine: AsyncEngine) -> str | None:
        """None when the database is reachable and migrated, else the reason why it is not ready.

        :raises sqlalchemy.exc.DBAPIError: when the database cannot be reached
        """
        async with engine.connect() as connection:
            try:
                revisions = (await connection.scalars(text("select version_num from alembic_version"))).all()
            except ProgrammingError:
                return "the database has not been migrated"
        if self.accepts(revisions):
            return None
        return f"the database is at {', '.join(revisions) or 'no revision'}, this build needs {self.head}"


def readiness(settings: Settings, name: str) -> Callable[[], Coroutine[Any, Any, str | None]]:
    """Asks whether the database can be used: None, or the reason why not."""
    # Its own connection: a busy pool is no reason to take a replica out of service.
    probe = create_engine(settings, name=name, size=1)
    schema = Schema()

    async def ready() -> str | None:
        try:
            async with asyncio.timeout(READY_TIMEOUT):
                return await schema.check(probe)
        except TimeoutError:
            return f"the database did not answer within {READY_TIMEOUT:g} s"
        except (SQLAlchemyError, OSError) as error:
            log.warning("the database cannot be reached", extra={"error": describe(error)})
            return "the database cannot be reached"

    return ready
