"""`python -m todo.seed`: a few todos to develop with. Running it again adds nothing twice."""

import sys
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from longshore_service.database import become_owner
from longshore_service.logs import describe
from longshore_service.settings import load_or_exit
from sqlalchemy import create_engine
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from .model import TodoRow
from .settings import Settings


def rows() -> list[dict[str, object]]:
    now = datetime.now(UTC)
    today = now.date()
    samples = [
        ("Water the plants", "The fern in the hall needs a little more.", False, today),
        ("Book the train to Lübeck", "", False, today + timedelta(days=3)),
        ("Send the tax papers", "Receipts are in the blue folder.", False, today - timedelta(days=2)),
        ("Call grandmother", "", False, None),
        ("Buy oat milk", "", True, None),
    ]
    return [
        {
            "id": uuid5(NAMESPACE_URL, f"urn:todo:seed:{title}"),
            "title": title,
            "description": description,
            "done": done,
            "due_date": due,
            "created_at": now - timedelta(minutes=position),
        }
        for position, (title, description, done, due) in enumerate(samples)
    ]


def main() -> None:
    settings = load_or_exit(Settings, "seed: ")
    assert settings.database_url is not None
    engine = create_engine(settings.database_url, hide_parameters=True, connect_args={"connect_timeout": 5})
    try:
        with engine.begin() as connection:
            become_owner(connection, settings)
            statement = insert(TodoRow).values(rows()).on_conflict_do_nothing().returning(TodoRow.id)
            added = len(connection.execute(statement).all())
    except DBAPIError as error:
        sys.exit(f"seed: {describe(error)}")
    print(f"seed: {added} added, {len(rows()) - added} already there")


if __name__ == "__main__":
    main()
