"""`python -m orchestrator.migrate`: brings the database's schema to the head of this build. Safe to run again, and at once."""

import sys
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from .logs import describe
from .settings import SettingsError


def main() -> None:
    config = Config()
    config.set_main_option("script_location", str(files("orchestrator") / "migrations"))
    config.set_main_option("path_separator", "os")
    try:
        command.upgrade(config, "head")
    except (SettingsError, CommandError) as error:
        sys.exit(f"migrate: {error}")
    except DBAPIError as error:
        sys.exit(f"migrate: {describe(error)}")


if __name__ == "__main__":
    main()
