import json
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY
from starlette.testclient import TestClient

from doubles import FakeApi, FakeDataflow, FakeSessions
from nexus import cli
from nexus.gateway.app import Settings, create_app
from nexus.gateway.handlers import HANDLERS
from nexus.gateway.offer import HandlerOffer
from nexus.gateway.perform import Performer
from nexus.nodes import Json


@pytest.fixture
def sessions() -> FakeSessions:
    return FakeSessions()


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


def app(sessions: Any, api: Any) -> Any:
    dataflow: Any = FakeDataflow()
    return create_app(Settings(version="1.2.3"), dataflow, api, sessions)


@pytest.fixture
def client(sessions: FakeSessions, api: FakeApi) -> Iterator[TestClient]:
    with TestClient(app(sessions, api), raise_server_exceptions=False, client=("127.0.0.1", 1)) as client:
        yield client


def call(
    client: TestClient, name: str, session: str | None = None, path: str = "/nexus/handlers", **arguments: Any
) -> Any:
    return client.post(f"{path}/{name}", json={"session": session, "arguments": arguments})


def test_a_session_goes_on_from_channel_to_channel_and_replica_to_replica(
    sessions: FakeSessions, api: FakeApi
) -> None:
    with TestClient(app(sessions, api)) as first:
        begun = call(first, "search", text="cranes").json()
    assert [item["number"] for item in begun["result"]["items"]] == [1, 2]
    other = FakeSessions(sessions.kept)
    with TestClient(app(other, api), client=("127.0.0.1", 1)) as second:
        opened = call(second, "open", begun["session"], "/cli", item="2").json()
        assert opened == {"session": begun["session"], "result": {"id": "d2", "title": "Tides", "body": "…"}}
        shown = second.get(f"/nexus/sessions/{begun['session']}").json()
    assert shown["current"] == {"id": "d2", "title": "Tides"}
    assert [(step["channel"], step["handler"]) for step in shown["history"]] == [
        ("api", "search"),
        ("cli", "open"),
    ]


async def test_tools_are_the_same_handlers_in_the_same_sessions(sessions: FakeSessions, api: Any) -> None:
    performer = Performer(sessions, api, FakeDataflow())  # type: ignore[arg-type]
    offer = HandlerOffer(performer)
    tools = {tool.name: tool for tool in await offer.tools()}
    assert tools.keys() == HANDLERS.keys()
    assert "session" in tools["search"].input_schema["properties"]
    begun = await performer.perform("api", "search", None, {"text": "x"})
    result = await offer.call("open", {"item": "1", "session": begun["session"]})
    assert result and result["result"]["id"] == "d1"
    assert [step.channel for step in (await sessions.get(begun["session"])).history] == ["api", "mcp"]
    assert await offer.call("nothing", {}) is None


@pytest.mark.parametrize(
    ("name", "arguments", "status", "kind"),
    [
        ("nothing", {}, 404, "no-such-handler"),
        ("search", {"text": "", "more": 1}, 422, "invalid"),
        ("open", {"item": "1"}, 422, "invalid"),
        ("open", {"item": "no-id"}, 404, "no-such-row"),
        ("path", {"source": "a", "target": "b"}, 404, "no-path"),
        ("run", {"node": "entry.list"}, 403, "forbidden"),
    ],
)
def test_mistakes_are_problems(
    client: TestClient, name: str, arguments: Json, status: int, kind: str
) -> None:
    answer = call(client, name, **arguments)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:nexus:problem:{kind}")


def test_a_session_that_is_not_there_is_said_to_be(client: TestClient) -> None:
    assert call(client, "show", "gone").json()["type"] == "urn:nexus:problem:no-such-session"
    assert client.get("/nexus/sessions/gone").status_code == 404


def test_nodes_that_are_the_platforms_own_are_not_offered(client: TestClient) -> None:
    names = [node["name"] for node in call(client, "nodes").json()["result"]["items"]]
    assert "note.create" in names and "entry.create" not in names
    assert call(client, "run", node="note.list", arguments={}).json()["result"] == {"ran": "note.list"}


def test_the_command_line_is_let_in_from_inside_only(sessions: FakeSessions, api: FakeApi) -> None:
    with TestClient(app(sessions, api), client=("10.0.0.7", 1)) as outside:
        assert call(outside, "show", path="/cli").status_code == 403
    assert sessions.kept == {}


def test_calls_count_per_channel(client: TestClient) -> None:
    labels = {"channel": "cli", "handler": "search", "outcome": "succeeded"}
    before = REGISTRY.get_sample_value("nexus_calls_total", labels) or 0
    call(client, "search", path="/cli", text="cranes")
    assert REGISTRY.get_sample_value("nexus_calls_total", labels) == before + 1


def test_readiness_is_the_platforms_and_the_sessions(
    client: TestClient, sessions: FakeSessions, api: FakeApi
) -> None:
    api.reason = "api is not ready: the graph cannot be reached"
    sessions.reason = "the store of sessions cannot be reached"
    assert client.get("/readyz").json()["detail"] == f"{api.reason}; {sessions.reason}"
    assert client.get("/livez").status_code == 200


def test_the_command_line_has_a_command_for_every_handler(client: TestClient) -> None:
    parser = cli.parser(client.get("/nexus/handlers").json()["items"])
    given = parser.parse_args(["--session", "s1", "search", "the tide", "--limit", "3"])
    assert (given.session, given.handler, given.text, given.limit) == ("s1", "search", "the tide", 3)
    given = parser.parse_args(["run", "note.list", '{"limit": 1}'])
    assert given.arguments == {"limit": 1}
    given = parser.parse_args(["add", "Title", "--tags", '["a"]'])
    assert given.tags == ["a"]


@pytest.mark.parametrize(
    "words", [["nothing"], ["search"], ["run", "note.list", "{"], ["search", "x", "--limit", "y"]]
)
def test_the_command_line_refuses_what_it_cannot_read(client: TestClient, words: list[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parser(client.get("/nexus/handlers").json()["items"]).parse_args(words)


def test_the_command_line_tells_problems_without_a_stack(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Connection:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        def request(self, method: str, path: str, body: str | None, headers: Json) -> None:
            self.answer = client.request(method, path, content=body, headers=headers)

        def getresponse(self) -> Any:
            return type(
                "Answer", (), {"status": self.answer.status_code, "read": lambda _: self.answer.content}
            )()

    monkeypatch.setattr(cli, "HTTPConnection", Connection)
    monkeypatch.setattr("sys.argv", ["nexus-cli", "search", "tides", "--limit", "1"])
    cli.main()
    shown = capsys.readouterr()
    assert json.loads(shown.out)["items"][0]["id"] == "d1" and shown.err == "session: s1\n"
    monkeypatch.setattr("sys.argv", ["nexus-cli", "open", "no-id"])
    with pytest.raises(SystemExit, match="There is no row of document"):
        cli.main()
