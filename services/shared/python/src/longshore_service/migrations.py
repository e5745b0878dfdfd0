"""Alembic migrations: the schema that a build needs, and bringing a database there.

A service has the package SERVICE.migrations with the `versions`, and an env.py of one call: `run(SERVICE, Settings, metadata)`.
"""

import logging
import sys
import time
from collections.abc import Callable, Iterable
from importlib.resources import files

from alembic import command, context
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, MetaData, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from .database import DatabaseSettings, become_owner
from .logs import describe, setup
from .settings import SettingsError, load

log = logging.getLogger("longshore_service.migrations")

LOCK = 7_013_904_551
"""Names the advisory lock that lets one migration of a database run at a time."""
PAUSE = 0.5
"""Seconds between two tries."""


def config_of(service: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files(service) / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


class Schema:
    """The schema this build was written for."""

    def __init__(self, service: str, scripts: ScriptDirectory | None = None) -> None:
        scripts = scripts or ScriptDirectory.from_config(config_of(service))
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


def migrate(service: str) -> None:
    """Brings the database's schema to the head of this build, as a program. Safe to run again, and at once."""
    try:
        command.upgrade(config_of(service), "head")
    except (SettingsError, CommandError) as error:
        sys.exit(f"migrate: {error}")
    except DBAPIError as error:
        sys.exit(f"migrate: {describe(error)}")


def patiently[T](attempt: Callable[[], T | None], wait: float, failed: str) -> T:
    """Tries until there is a result, or the time is up."""
    deadline = time.monotonic() + wait
    while True:
        reason = ""
        try:
            result = attempt()
            if result is not None:
                return result
        except OperationalError as error:
            reason = f": {describe(error)}"
        if time.monotonic() + PAUSE > deadline:
            raise CommandError(f"{failed} within {wait:g} s{reason}")
        time.sleep(PAUSE)


def connect(service: str, settings: DatabaseSettings) -> Connection:
    assert settings.database_url is not None
    engine = create_engine(
        settings.database_url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "application_name": f"{service}-migrate",
            "connect_timeout": 5,
            # A migration that would queue behind a long transaction, and all requests behind it, gives up instead.
            "options": "-c lock_timeout=15000",
        },
    )
    return patiently(engine.connect, settings.migrate_wait, "the database could not be reached")


def run(service: str, kind: type[DatabaseSettings], metadata: MetaData) -> None:
    """All of a service's env.py: waits for the database, takes a lock, and works as the role that owns the schema."""
    if context.is_offline_mode():
        raise CommandError("migrations run against a database, not as a script")
    try:
        settings = load(kind)
    except SettingsError as error:
        raise CommandError(str(error)) from None
    setup(service, settings.log_level)
    logging.getLogger("alembic").setLevel(logging.INFO)

    with connect(service, settings) as connection:
        become_owner(connection, settings)
        patiently(
            lambda: connection.scalar(text(f"select pg_try_advisory_lock({LOCK})")) or None,
            settings.migrate_wait,
            "another migration did not finish",
        )
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=metadata,
            transaction_per_migration=True,
            compare_type=True,
        )
        # Ending the session gives the lock back, whatever happens.
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        log.info("the schema is at the head of this build")
