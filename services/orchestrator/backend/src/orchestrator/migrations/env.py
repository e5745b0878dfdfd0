"""How Alembic connects: waits for the database, takes a lock, and works as the role that owns the schema."""

import logging
import logging.config
import time
from collections.abc import Callable

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from orchestrator.logs import describe, log_config
from orchestrator.model import Base
from orchestrator.settings import Settings, SettingsError, load_settings

log = logging.getLogger("orchestrator.migrate")

LOCK = 7_013_904_552
"""Names the advisory lock that lets one migration run at a time; any number that nobody else in this database uses."""
PAUSE = 0.5


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


def connect(settings: Settings) -> Connection:
    assert settings.database_url is not None
    engine = create_engine(
        settings.database_url,
        poolclass=NullPool,
        hide_parameters=True,
        connect_args={
            "application_name": "orchestrator-migrate",
            "connect_timeout": 5,
            # A migration that would queue behind a long transaction, and all requests behind it, gives up instead.
            "options": "-c lock_timeout=15000",
        },
    )
    return patiently(engine.connect, settings.migrate_wait, "the database could not be reached")


def run() -> None:
    try:
        settings = load_settings()
    except SettingsError as error:
        raise CommandError(str(error)) from None
    logging.config.dictConfig(log_config(settings.log_level))
    logging.getLogger("alembic").setLevel(logging.INFO)

    with connect(settings) as connection:
        if settings.database_owner_role:
            role = connection.dialect.identifier_preparer.quote_identifier(settings.database_owner_role)
            connection.execute(text(f"set role {role}"))
        patiently(
            lambda: connection.scalar(text(f"select pg_try_advisory_lock({LOCK})")) or None,
            settings.migrate_wait,
            "another migration did not finish",
        )
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
            compare_type=True,
        )
        # Ending the session gives the lock back, whatever happens.
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
        log.info("the schema is at the head of this build")


if context.is_offline_mode():
    raise CommandError("migrations run against a database, not as a script")
run()
