"""The tables. All but `recording` are hypertables of TimescaleDB, or partitioned by time where it is not offered."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP

metadata = MetaData()
Moment = TIMESTAMP(timezone=True)

recording = Table(
    "recording",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("device_id", String(100), nullable=False),
    Column("device_name", String(100), nullable=False),
    Column("simulated", Boolean, nullable=False),
    Column("rate", Integer, nullable=False),
    Column("channels", ARRAY(String(20)), nullable=False),
    Column("note", String(200), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("stopped_at", Moment),
    Column("chunk_size", Integer),
    Column("last_sequence", BigInteger),
    Index("recording_listing_idx", "device_id", "started_at"),
)

chunk = Table(
    "chunk",
    metadata,
    Column("time", Moment, nullable=False),
    Column("recording_id", Uuid, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("samples", LargeBinary, nullable=False),
    PrimaryKeyConstraint("recording_id", "sequence", "time", name="chunk_pkey"),
)

band_power = Table(
    "band_power",
    metadata,
    Column("time", Moment, nullable=False),
    Column("recording_id", Uuid, nullable=False),
    Column("device_id", String(100), nullable=False),
    Column("window_index", BigInteger, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("delta", Double, nullable=False),
    Column("theta", Double, nullable=False),
    Column("alpha", Double, nullable=False),
    Column("beta", Double, nullable=False),
    Column("gamma", Double, nullable=False),
    PrimaryKeyConstraint("recording_id", "window_index", "channel", "time", name="band_power_pkey"),
    Index("band_power_device_idx", "device_id", "time"),
)

prediction = Table(
    "prediction",
    metadata,
    Column("time", Moment, nullable=False),
    Column("recording_id", Uuid, nullable=False),
    Column("device_id", String(100), nullable=False),
    Column("window_index", BigInteger, nullable=False),
    Column("model", String(100), nullable=False),
    Column("label", Text, nullable=False),
    Column("probability", Double, nullable=False),
    PrimaryKeyConstraint("recording_id", "window_index", "model", "time", name="prediction_pkey"),
    Index("prediction_device_idx", "device_id", "time"),
)

SERIES: Final = (chunk, band_power, prediction)
"""Tables that grow with time."""
