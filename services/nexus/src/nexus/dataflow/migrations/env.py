"""How Alembic connects. The tables are described by the migrations alone: at run time dataflow reads them from the database."""

from longshore_service.database import DatabaseSettings
from longshore_service.migrations import run
from sqlalchemy import MetaData

from nexus.dataflow.settings import PACKAGE

run(PACKAGE, DatabaseSettings, MetaData())
