"""The table of todos."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    moment = sa.TIMESTAMP(timezone=True)
    op.create_table(
        "todo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("done", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("created_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", moment, server_default=sa.func.now(), nullable=False),
        sa.Column("deleted_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name="todo_pkey"),
        sa.CheckConstraint("length(title) between 1 and 200", name=op.f("todo_title_check")),
    )
    op.create_index(
        "todo_listing_idx",
        "todo",
        [sa.text("created_at desc"), sa.text("id desc")],
        postgresql_where=sa.text("deleted_at is null"),
    )
    op.create_index(
        "todo_deleted_idx", "todo", ["deleted_at"], postgresql_where=sa.text("deleted_at is not null")
    )


def downgrade() -> None:
    op.drop_table("todo")
