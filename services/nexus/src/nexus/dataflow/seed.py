"""`python -m nexus.dataflow.seed`: a shelf of documents to search and to follow. Running it again adds nothing twice."""

import sys
from uuid import NAMESPACE_URL, uuid5

from longshore_service.database import DatabaseSettings, become_owner
from longshore_service.logs import describe
from longshore_service.settings import load_or_exit
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from .embedding import embed, literal

COLLECTION = ("Harbours", "Ships, harbours, and who runs them.")
DOCUMENTS = [
    (
        "Container terminals of the north",
        "Hansa Lines owns Terminal Burchard. Terminal Burchard is located in Hamburg. Hamburg lies in Northern Germany. "
        "Cranes unload containers day and night, and lorries carry them inland.",
    ),
    (
        "Who makes the cranes",
        "Krane GmbH builds Portainer. Hansa Lines uses Portainer. The crane lifts two containers at once.",
    ),
    (
        "Captains and their ships",
        "Captain Vera Holm works for Hansa Lines. She commands the Aurora, which sails to Rotterdam every week. "
        "Rotterdam is located in the Netherlands.",
    ),
    (
        "Tides and currents",
        "The tide rises twice a day. A pilot knows the currents of the river and boards every large vessel before it enters.",
    ),
    (
        "Baking bread on board",
        "Flour, water, salt and yeast. The dough rests overnight, and the oven is hot before the watch changes.",
    ),
]


def rows() -> list[dict[str, object]]:
    return [
        {
            "id": uuid5(NAMESPACE_URL, f"urn:nexus:seed:{title}"),
            "collection_id": collection_id(),
            "title": title,
            "body": body,
            "embedding": literal(embed(f"{title}\n{body}")),
        }
        for title, body in DOCUMENTS
    ]


def collection_id() -> object:
    return uuid5(NAMESPACE_URL, f"urn:nexus:seed:{COLLECTION[0]}")


def main() -> None:
    settings = load_or_exit(DatabaseSettings, "seed: ")
    assert settings.database_url is not None
    engine = create_engine(settings.database_url, hide_parameters=True, connect_args={"connect_timeout": 5})
    add_collection = text(
        "insert into collection (id, name, description) values (:id, :name, :description) on conflict do nothing"
    )
    add = text(
        "insert into document (id, collection_id, title, body, embedding) "
        "values (:id, :collection_id, :title, :body, cast(:embedding as vector)) on conflict do nothing"
    )
    try:
        with engine.begin() as connection:
            become_owner(connection, settings)
            shelf = {"id": collection_id(), "name": COLLECTION[0], "description": COLLECTION[1]}
            connection.execute(add_collection, shelf)
            added = sum(connection.execute(add, row).rowcount for row in rows())
    except DBAPIError as error:
        sys.exit(f"seed: {describe(error)}")
    print(f"seed: {added} added, {len(rows()) - added} already there")


if __name__ == "__main__":
    main()
