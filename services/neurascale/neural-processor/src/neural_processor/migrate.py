"""`python -m neural_processor.migrate`: brings the schema to the head of this build, and sees to partitions."""

from longshore_service.database import become_owner
from longshore_service.migrations import connect, migrate
from longshore_service.settings import load_or_exit

from .partitions import divide
from .settings import MigrateSettings


def main() -> None:
    migrate("neural_processor")
    settings = load_or_exit(MigrateSettings, "migrate: ")
    with connect("neural_processor", settings) as connection:
        become_owner(connection, settings)
        divide(connection)
        connection.commit()


if __name__ == "__main__":
    main()
