"""`python -m nexus.dataflow.migrate`: brings the database's schema to the head of this build. Safe to run again, and at once."""

from longshore_service.migrations import migrate

from .settings import PACKAGE

if __name__ == "__main__":
    migrate(PACKAGE)
