"""How the tables that grow with time are divided: by TimescaleDB, or by PostgreSQL where it is not offered."""

import logging
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Final

from sqlalchemy import Connection, text

from .model import SERIES

log = logging.getLogger("neural_processor.partitions")

AHEAD: Final = 12
"""Months for which there are partitions. Every release makes more; what lies beyond goes into the default one."""


def has_timescale(connection: Connection) -> bool:
    return connection.scalar(text("select true from pg_extension where extname = 'timescaledb'")) or False


def months(today: date, count: int) -> list[tuple[date, date]]:
    """First day of each month and of the one after it, beginning with the month of `today`."""
    firsts = [
        date(today.year + (today.month - 1 + n) // 12, (today.month - 1 + n) % 12 + 1, 1)
        for n in range(count + 1)
    ]
    return list(pairwise(firsts))


def divide(connection: Connection, today: date | None = None) -> None:
    """Says how the tables are divided, and makes the partitions of the coming year where PostgreSQL divides them."""
    divided = connection.execute(
        text("select relname from pg_class where relkind = 'p' and relnamespace = 'public'::regnamespace")
    )
    native = sorted(set(divided.scalars()) & {table.name for table in SERIES})
    if not native:
        log.info("TimescaleDB divides the tables by time", extra={"tables": [table.name for table in SERIES]})
        return
    log.warning(
        "TimescaleDB is not offered: PostgreSQL's own partitions by month are used", extra={"tables": native}
    )
    for name in native:
        for first, after in months(today or datetime.now(UTC).date(), AHEAD):
            part = f"{name}_{first:%Y_%m}"
            if connection.scalar(text("select to_regclass(:part)"), {"part": part}) is not None:
                continue
            with connection.begin_nested():
                connection.execute(
                    text(
                        f"create table {part} partition of {name} for values from ('{first}') to ('{after}')"
                    )
                )
