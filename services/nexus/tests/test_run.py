import logging
from typing import Any

import pytest
from longshore_service.problems import Problem
from psycopg import errors
from sqlalchemy.exc import DBAPIError, IntegrityError
from starlette.testclient import TestClient

from doubles import ENTRY, NOTE, Cache
from nexus.dataflow.app import Quiet, create_app
from nexus.dataflow.catalogue import Catalogue
from nexus.dataflow.run import Runner, check, refusal
from nexus.dataflow.settings import Settings


async def tables() -> list[Any]:
    return [NOTE, ENTRY]


async def catalogue() -> Catalogue:
    made = Catalogue(tables, Cache())
    await made.refresh()
    return made


async def test_all_mistakes_are_told_with_their_place() -> None:
    node = (await catalogue()).nodes["note.create"]
    with pytest.raises(Problem) as caught:
        check(node, {"title": "x" * 21, "tags": ["a", 7], "mood": "odd", "more": 1})
    assert caught.value.status == 422
    assert {one["path"] for one in caught.value.extensions["errors"]} == {"", "mood", "tags.1", "title"}
    check(node, {"title": "x", "body": None, "about": {"any": ["thing"]}})


async def test_what_is_no_node_is_not_found() -> None:
    runner = Runner(None, await catalogue())  # type: ignore[arg-type]
    with pytest.raises(Problem, match=r"no node 'pg_user\.list'"):
        await runner.run("pg_user.list", {})


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (errors.UniqueViolation("twice"), 409, "conflict"),
        (errors.ForeignKeyViolation("gone"), 409, "conflict"),
        (errors.CheckViolation("no"), 422, "invalid"),
        (errors.InvalidTextRepresentation("no uuid"), 422, "invalid"),
        (errors.UndefinedTable("dropped"), 409, "schema-changed"),
        (errors.InsufficientPrivilege("no"), 403, "forbidden"),
    ],
)
def test_what_the_database_refuses_is_the_callers_mistake(error: Exception, status: int, kind: str) -> None:
    kinds = IntegrityError if isinstance(error, errors.IntegrityError) else DBAPIError
    problem = refusal(kinds("insert", {}, error))
    assert problem is not None and (problem.status, problem.kind) == (status, kind)


def test_a_database_that_fails_is_not() -> None:
    assert refusal(DBAPIError("select", {}, errors.AdminShutdown("bye"))) is None


def client(made: Catalogue, reason: str | None = None) -> TestClient:
    async def ready() -> str | None:
        return reason

    return TestClient(create_app(Settings(version="1.2.3"), made, Runner(None, made), ready))  # type: ignore[arg-type]


def test_nodes_are_listed_with_the_state_of_the_schema() -> None:
    with client(Catalogue(tables, Cache())) as asked:
        first = asked.get("/v1/nodes")
        while first.status_code == 503:
            first = asked.get("/v1/nodes")
        tag = first.headers["etag"]
        assert {node["name"] for node in first.json()["nodes"]} >= {"note.create", "entry.list"}
        assert asked.get("/v1/nodes", headers={"If-None-Match": tag}).status_code == 304
        assert asked.get("/v1/nodes/note.read").json()["input"]["required"] == ["id"]
        assert asked.get("/v1/nodes/nothing.read").json()["type"] == "urn:nexus:problem:no-such-node"
        assert 'dataflow_node_sets_total{source="generated"}' in asked.get("/metrics").text


def test_readiness_names_the_database_liveness_does_not() -> None:
    with client(Catalogue(tables, Cache()), "the database cannot be reached") as asked:
        assert asked.get("/livez").status_code == 200
        answer = asked.get("/readyz")
        assert answer.status_code == 503 and "the database cannot be reached" in answer.json()["detail"]


def test_looks_for_work_stay_out_of_the_log_unless_they_fail() -> None:
    def record(level: int, path: str) -> logging.LogRecord:
        made = logging.LogRecord("requests", level, __file__, 1, "", None, None)
        made.path = path
        return made

    quiet = Quiet()
    assert not quiet.filter(record(logging.INFO, "/v1/nodes/change.list/run"))
    assert quiet.filter(record(logging.ERROR, "/v1/nodes/change.list/run"))
    assert quiet.filter(record(logging.INFO, "/v1/nodes/note.list/run"))
