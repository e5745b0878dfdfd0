"""`python -m orchestrator.seed`: a few workflows to look at and to develop with. Running it again adds nothing twice."""

import sys
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from longshore_service.database import become_owner
from longshore_service.logs import describe
from longshore_service.settings import load_or_exit
from sqlalchemy import create_engine
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from .model import WorkflowRow
from .schemas import STEPS
from .settings import Settings

SAMPLES: list[tuple[str, str, list[dict[str, Any]]]] = [
    (
        "Nightly report",
        "Fetches two sources at the same time, joins them, and publishes the result.",
        [
            {"id": "workflows", "kind": "http", "url": "http://backend:8000/api/workflows", "retries": 2},
            {"id": "runs", "kind": "http", "url": "http://backend:8000/api/runs?limit=1", "retries": 2},
            {"id": "settle", "kind": "delay", "seconds": 3, "needs": ["runs"]},
            {
                "id": "report",
                "kind": "transform",
                "needs": ["workflows", "settle"],
                "value": {
                    "first": "{{ steps.workflows.body.items.0.name }}",
                    "statuses": ["{{ steps.workflows.status }}", "{{ steps.runs.status }}"],
                },
            },
            {"id": "publish", "kind": "delay", "seconds": 1, "needs": ["report"]},
        ],
    ),
    (
        "Flaky source",
        "Fails twice before it works: repetitions take care of it.",
        [
            {"id": "fetch", "kind": "fail", "message": "the source is busy", "times": 2, "retries": 3},
            {"id": "load", "kind": "delay", "seconds": 1, "needs": ["fetch"]},
        ],
    ),
    (
        "Broken branch",
        "One branch fails and what comes after it is left out; the other one is done.",
        [
            {"id": "start", "kind": "delay", "seconds": 0.5},
            {"id": "good", "kind": "delay", "seconds": 1, "needs": ["start"]},
            {"id": "bad", "kind": "fail", "message": "no such table: prices", "needs": ["start"]},
            {"id": "after-bad", "kind": "transform", "value": "never", "needs": ["bad"]},
        ],
    ),
]


def rows() -> list[dict[str, object]]:
    return [
        {
            "id": uuid5(NAMESPACE_URL, f"urn:orchestrator:seed:{name}"),
            "name": name,
            "description": description,
            "steps": STEPS.dump_python(STEPS.validate_python(steps), mode="json"),
        }
        for name, description, steps in SAMPLES
    ]


def main() -> None:
    settings = load_or_exit(Settings, "seed: ")
    assert settings.database_url is not None
    engine = create_engine(settings.database_url, hide_parameters=True, connect_args={"connect_timeout": 5})
    try:
        with engine.begin() as connection:
            become_owner(connection, settings)
            statement = insert(WorkflowRow).values(rows()).on_conflict_do_nothing().returning(WorkflowRow.id)
            added = len(connection.execute(statement).all())
    except DBAPIError as error:
        sys.exit(f"seed: {describe(error)}")
    print(f"seed: {added} added, {len(rows()) - added} already there")


if __name__ == "__main__":
    main()
