"""Recordings, their chunks, band power and predictions."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0001"
down_revision = None

MOMENT = sa.TIMESTAMP(timezone=True)
SERIES = ("chunk", "band_power", "prediction")


def series(name: str, timescale: bool, *columns: sa.schema.SchemaItem) -> None:
    """A table that is divided by time."""
    divided: Any = {} if timescale else {"postgresql_partition_by": "RANGE (time)"}
    op.create_table(
        name,
        sa.Column("time", MOMENT, nullable=False),
        sa.Column("recording_id", sa.Uuid(), nullable=False),
        *columns,
        **divided,
    )
    if timescale:
        op.execute(
            f"select create_hypertable('{name}', 'time', chunk_time_interval => interval '1 day', "
            "create_default_indexes => false)"
        )
    else:
        op.execute(f"create table {name}_default partition of {name} default")


def upgrade() -> None:
    found = op.get_bind().scalar(sa.text("select true from pg_extension where extname = 'timescaledb'"))
    timescale = bool(found)
    op.create_table(
        "recording",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.String(100), nullable=False),
        sa.Column("device_name", sa.String(100), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("channels", ARRAY(sa.String(20)), nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("stopped_at", MOMENT, nullable=True),
        sa.Column("chunk_size", sa.Integer(), nullable=True),
        sa.Column("last_sequence", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="recording_pkey"),
    )
    op.create_index("recording_listing_idx", "recording", ["device_id", "started_at"])
    series(
        "chunk",
        timescale,
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("samples", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "sequence", "time", name="chunk_pkey"),
    )
    series(
        "band_power",
        timescale,
        sa.Column("device_id", sa.String(100), nullable=False),
        sa.Column("window_index", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        *(
            sa.Column(band, sa.Double(), nullable=False)
            for band in ("delta", "theta", "alpha", "beta", "gamma")
        ),
        sa.PrimaryKeyConstraint("recording_id", "window_index", "channel", "time", name="band_power_pkey"),
    )
    op.create_index("band_power_device_idx", "band_power", ["device_id", "time"])
    series(
        "prediction",
        timescale,
        sa.Column("device_id", sa.String(100), nullable=False),
        sa.Column("window_index", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.String(100), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("recording_id", "window_index", "model", "time", name="prediction_pkey"),
    )
    op.create_index("prediction_device_idx", "prediction", ["device_id", "time"])


def downgrade() -> None:
    for table in (*reversed(SERIES), "recording"):
        op.drop_table(table)
