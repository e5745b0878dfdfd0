"""Workflows, runs, their steps, and every attempt at a step."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

MOMENT = sa.TIMESTAMP(timezone=True)


def moment(name: str, *, now: bool = False) -> sa.Column[object]:
    return sa.Column(name, MOMENT, server_default=sa.func.now() if now else None, nullable=not now)


def upgrade() -> None:
    op.create_table(
        "workflow",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("steps", JSONB(), nullable=False),
        moment("created_at", now=True),
        moment("updated_at", now=True),
        sa.PrimaryKeyConstraint("id", name="workflow_pkey"),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("workflow_name", sa.String(100), nullable=False),
        sa.Column("workflow_version", sa.Integer(), nullable=False),
        sa.Column("steps", JSONB(), nullable=False),
        sa.Column("input", JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=True),
        moment("lease_until"),
        sa.Column("takeovers", sa.Integer(), server_default=sa.text("0"), nullable=False),
        moment("created_at", now=True),
        moment("started_at"),
        moment("finished_at"),
        sa.PrimaryKeyConstraint("id", name="run_pkey"),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["workflow.id"], name="run_workflow_id_fkey", ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')",
            name=op.f("run_status_check"),
        ),
    )
    op.create_index(
        "run_work_idx", "run", ["created_at"], postgresql_where=sa.text("status in ('queued', 'running')")
    )
    op.create_index("run_listing_idx", "run", ["workflow_id", sa.text("created_at desc")])
    op.create_table(
        "step",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failures", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("output", JSONB(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        moment("started_at"),
        moment("finished_at"),
        sa.PrimaryKeyConstraint("run_id", "id", name="step_pkey"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="step_run_id_fkey", ondelete="CASCADE"),
        sa.CheckConstraint(
            "status in ('pending', 'running', 'succeeded', 'failed', 'skipped', 'cancelled')",
            name=op.f("step_status_check"),
        ),
    )
    op.create_table(
        "attempt",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.String(40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="running", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        moment("started_at", now=True),
        moment("finished_at"),
        sa.PrimaryKeyConstraint("run_id", "step_id", "number", name="attempt_pkey"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="attempt_run_id_fkey", ondelete="CASCADE"),
        sa.CheckConstraint(
            "outcome in ('running', 'succeeded', 'failed', 'lost', 'handed-back', 'cancelled')",
            name=op.f("attempt_outcome_check"),
        ),
    )


def downgrade() -> None:
    for table in ("attempt", "step", "run", "workflow"):
        op.drop_table(table)
