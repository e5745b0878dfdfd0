"""The tables."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, MetaData, String, Text, func, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 4000

Moment = TIMESTAMP(timezone=True)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "ix": "%(table_name)s_%(column_0_name)s_idx",
        }
    )


class TodoRow(Base):
    """A todo. `deleted_at` marks what was deleted and can still be brought back for a while."""

    __tablename__ = "todo"
    __table_args__ = (
        CheckConstraint("length(title) between 1 and 200", name="title"),
        Index(
            "todo_listing_idx",
            text("created_at desc"),
            text("id desc"),
            postgresql_where=text("deleted_at is null"),
        ),
        Index("todo_deleted_idx", "deleted_at", postgresql_where=text("deleted_at is not null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    description: Mapped[str] = mapped_column(Text, server_default="")
    done: Mapped[bool] = mapped_column(server_default=text("false"))
    due_date: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(Moment, server_default=func.now())
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)
