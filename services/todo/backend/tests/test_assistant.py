"""The assistant against a model that a test scripts, through the real client over a transport in memory."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx2
import pytest
from longshore_service.problems import Problem
from openai import AsyncOpenAI

from memory import MemoryTodos
from todo.assistant import Assistant
from todo.schemas import ChatMessage, TodoCreate
from todo.settings import Settings

Handler = Callable[[dict[str, Any]], httpx2.Response]


def says(text: str) -> httpx2.Response:
    return completion({"role": "assistant", "content": text})


def calls(*tools: tuple[str, object]) -> httpx2.Response:
    return completion(
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": f"call-{number}",
                    "type": "function",
                    "function": {
                        "name": name,
                        "arguments": given if isinstance(given, str) else json.dumps(given),
                    },
                }
                for number, (name, given) in enumerate(tools)
            ],
        }
    )


def completion(message: dict[str, Any]) -> httpx2.Response:
    body = {
        "id": "c", "object": "chat.completion", "created": 0, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
    }  # fmt: skip
    return httpx2.Response(200, json=body)


class Model:
    """Answers with its script, one entry per round, and remembers what it was asked."""

    def __init__(self, *script: httpx2.Response | Exception) -> None:
        self.script = list(script)
        self.asked: list[dict[str, Any]] = []

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(json.loads(request.content))
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        return httpx2.Response(
            step.status_code, content=step.content, headers={"content-type": "application/json"}
        )


def assistant(model: Model, todos: MemoryTodos, **settings: Any) -> Assistant:
    client = AsyncOpenAI(
        api_key="sk-test",
        base_url="http://model.test/v1",
        max_retries=0,
        http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(model)),
    )
    return Assistant(client, Settings(**settings), todos)


def user(text: str) -> list[ChatMessage]:
    return [ChatMessage(role="user", content=text)]


async def test_it_sees_the_open_todos_the_history_and_the_date(todos: MemoryTodos) -> None:
    await todos.create(TodoCreate(title="Feed the cat", due_date=date(2026, 3, 1)))
    await todos.create(TodoCreate(title="Long done", done=True))
    model = Model(says("Hello"))
    history = [ChatMessage(role="user", content="a"), ChatMessage(role="assistant", content="b"), *user("c")]
    reply = await assistant(model, todos, openai_model="some-model").answer(history, date(2026, 2, 27))
    assert (reply.reply, reply.changes) == ("Hello", [])
    asked = model.asked[0]
    assert asked["model"] == "some-model"
    system, *rest = asked["messages"]
    assert [message["content"] for message in rest] == ["a", "b", "c"]
    assert "Feed the cat" in system["content"] and "2026-02-27 (Friday)" in system["content"]
    assert "Long done" not in system["content"]
    assert {tool["function"]["name"] for tool in asked["tools"]} == {
        "add_todo",
        "complete_todo",
        "delete_todo",
    }


async def test_it_adds_completes_and_deletes(todos: MemoryTodos) -> None:
    first = await todos.create(TodoCreate(title="first"))
    second = await todos.create(TodoCreate(title="second"))
    model = Model(
        calls(
            ("add_todo", {"title": "third", "due_date": "2026-04-01"}),
            ("complete_todo", {"id": str(first.id)}),
        ),
        calls(("delete_todo", {"id": str(second.id)})),
        says("All done."),
    )
    reply = await assistant(model, todos).answer(user("do it"))
    assert reply.reply == "All done."
    assert [(change.action, change.todo.title) for change in reply.changes] == [
        ("added", "third"), ("completed", "first"), ("deleted", "second"),
    ]  # fmt: skip
    assert {todo.title: todo.done for todo in todos.kept.values()} == {"first": True, "third": False}
    results = [message for message in model.asked[2]["messages"] if message["role"] == "tool"]
    assert [result["tool_call_id"] for result in results] == ["call-0", "call-1", "call-0"]


async def test_mistakes_of_the_model_are_told_to_the_model(todos: MemoryTodos) -> None:
    model = Model(
        calls(
            ("add_todo", {"title": ""}),
            ("add_todo", "{broken"),
            ("complete_todo", {"id": "00000000-0000-0000-0000-000000000000"}),
            ("format_disk", {}),
        ),
        says("Sorry."),
    )
    reply = await assistant(model, todos).answer(user("go"))
    assert reply.changes == [] and todos.kept == {}
    errors = [json.loads(message["content"])["error"] for message in model.asked[1]["messages"][-4:]]
    assert "title" in errors[0]
    assert "Invalid JSON" in errors[1]
    assert errors[2] == "there is no todo with this id"
    assert errors[3] == "there is no tool 'format_disk'"


async def test_a_model_that_never_stops_calling_tools_is_stopped(todos: MemoryTodos) -> None:
    model = Model(calls(("add_todo", {"title": "again"})))
    reply = await assistant(model, todos, chat_rounds=3).answer(user("go"))
    assert len(model.asked) == 4
    assert "tools" not in model.asked[-1]
    assert len(todos.kept) == 3
    assert reply.reply == "Added “again”. Added “again”. Added “again”."


def refusal(status: int) -> httpx2.Response:
    return httpx2.Response(
        status, json={"error": {"message": "key sk-secret is bad", "type": "x", "code": "y"}}
    )


@pytest.mark.parametrize(
    ("failure", "status", "kind"),
    [
        (httpx2.ConnectError("refused"), 502, "chat-unreachable"),
        (httpx2.ReadTimeout("slow"), 504, "chat-timeout"),
        (refusal(401), 502, "chat-refused"),
        (refusal(429), 503, "chat-busy"),
        (refusal(500), 502, "chat-failed"),
        (httpx2.Response(200, json={"choices": []}), 502, "chat-failed"),
        (httpx2.Response(200, text="<html>"), 502, "chat-failed"),
    ],
)
async def test_trouble_upstream_is_a_problem(
    todos: MemoryTodos, failure: httpx2.Response | Exception, status: int, kind: str
) -> None:
    with pytest.raises(Problem) as caught:
        await assistant(Model(failure), todos).answer(user("hi"))
    assert (caught.value.status, caught.value.kind) == (status, kind)
    assert "sk-secret" not in str(caught.value.response("todo").body)


async def test_changes_made_before_the_trouble_are_told(todos: MemoryTodos) -> None:
    model = Model(calls(("add_todo", {"title": "kept"})), httpx2.ConnectError("refused"))
    with pytest.raises(Problem) as caught:
        await assistant(model, todos).answer(user("add kept"))
    told = json.loads(bytes(caught.value.response("todo").body))
    assert [change["todo"]["title"] for change in told["changes"]] == ["kept"]
    assert [todo.title for todo in todos.kept.values()] == ["kept"]
