"""Runs as workers execute them."""

import asyncio
from typing import Any

import httpx2
import pytest

from memory import Kept, Memory
from orchestrator.perform import OUTPUT_LIMIT, Performer
from orchestrator.queue import Finished
from orchestrator.runner import Runner
from orchestrator.schemas import WorkflowCreate
from orchestrator.settings import Settings
from orchestrator.worker import Worker

ALLOWED = frozenset({"api.example:80", "api.example:8443"})


def respond(request: httpx2.Request) -> httpx2.Response:
    match request.url.path:
        case "/json":
            return httpx2.Response(
                200, json={"who": request.headers.get("x-who"), "sent": request.content.decode()}
            )
        case "/teapot":
            return httpx2.Response(418, text="short and stout")
        case "/elsewhere":
            return httpx2.Response(302, headers={"Location": "http://forbidden.example/"})
        case "/large":
            return httpx2.Response(200, content=b"x" * (OUTPUT_LIMIT + 1))
        case _:
            raise httpx2.ConnectError("connection refused")


@pytest.fixture
def performer() -> Performer:
    return Performer(httpx2.AsyncClient(transport=httpx2.MockTransport(respond)), ALLOWED)


async def started(memory: Memory, *steps: dict[str, Any], given: Any = None) -> Kept:
    workflow = await memory.create(WorkflowCreate.model_validate({"name": "test", "steps": steps}))
    run = await memory.start(workflow.id, given)
    assert run is not None
    return memory.kept[run.id]


async def executed(memory: Memory, performer: Performer, *, worker: str = "w1", **options: Any) -> str:
    claim = await memory.claim(worker, 15)
    assert claim is not None
    runner = Runner(
        memory,
        performer,
        claim,
        **{"worker": worker, "lease": 15, "patience": 5, "stopping": asyncio.Event(), **options},
    )
    return await runner.run()


def statuses(kept: Kept) -> dict[str, str]:
    return {step.id: step.status for step in kept.run.steps}


async def test_steps_run_in_order_and_see_what_came_before(memory: Memory, performer: Performer) -> None:
    kept = await started(
        memory,
        {
            "id": "fetch",
            "kind": "http",
            "method": "POST",
            "url": "http://api.example/{{ input.path }}",
            "headers": {"X-Who": "{{ input.who }}"},
            "body": {"n": "{{ input.n }}"},
        },
        {"id": "wait", "kind": "delay", "seconds": 0, "needs": ["fetch"]},
        {
            "id": "join",
            "kind": "transform",
            "needs": ["wait"],
            "value": {"who": "{{ steps.fetch.body.who }}", "sent": "{{ steps.fetch.body.sent }}"},
        },
        given={"path": "json", "who": "Ada", "n": 3},
    )
    assert await executed(memory, performer) == "succeeded"
    assert statuses(kept) == {"fetch": "succeeded", "wait": "succeeded", "join": "succeeded"}
    assert kept.step("join").output == {"who": "Ada", "sent": '{"n": 3}'}
    assert kept.run.status == "succeeded"


async def test_a_failure_leaves_out_what_needs_it_and_nothing_else(
    memory: Memory, performer: Performer
) -> None:
    kept = await started(
        memory,
        {"id": "bad", "kind": "fail", "message": "no such table"},
        {"id": "after", "kind": "delay", "seconds": 0, "needs": ["bad"]},
        {"id": "last", "kind": "delay", "seconds": 0, "needs": ["after"]},
        {"id": "good", "kind": "delay", "seconds": 0},
    )
    assert await executed(memory, performer) == "failed"
    assert statuses(kept) == {"bad": "failed", "after": "skipped", "last": "skipped", "good": "succeeded"}
    assert (kept.run.error, kept.step("bad").error) == ("step bad failed", "no such table")


async def test_failed_attempts_are_repeated_and_each_is_recorded(
    memory: Memory, performer: Performer
) -> None:
    kept = await started(
        memory,
        {"id": "flaky", "kind": "fail", "times": 2, "retries": 2, "retry_delay": 0},
        {"id": "hopeless", "kind": "fail", "retries": 1, "retry_delay": 0},
    )
    assert await executed(memory, performer) == "failed"
    assert [attempt.outcome for attempt in kept.step("flaky").attempts] == ["failed", "failed", "succeeded"]
    assert [attempt.outcome for attempt in kept.step("hopeless").attempts] == ["failed", "failed"]

    await memory.retry(kept.run.id)
    assert await executed(memory, performer) == "failed"
    assert len(kept.step("flaky").attempts) == 3, "what succeeded is kept"
    assert len(kept.step("hopeless").attempts) == 4


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://api.example/teapot", "api.example:80 answered 418, expected 200 to 299"),
        ("http://api.example/elsewhere", "api.example:80 answered 302, expected 200 to 299"),
        ("http://api.example/large", "the answer is larger than 65536 bytes"),
        ("https://api.example:8443/down", "api.example:8443: connection refused"),
        (
            "http://forbidden.example/",
            "forbidden.example:80 is not allowed; allowed: api.example:80, api.example:8443",
        ),
        ("http://api.example@forbidden.example/", "expected an http:// or https:// URL"),
        ("file:///etc/passwd", "expected an http:// or https:// URL"),
        ("http://{{ input.host }}/json", "leads nowhere"),
    ],
)
async def test_http_steps_reach_only_what_is_allowed_and_say_what_went_wrong(
    memory: Memory, performer: Performer, url: str, message: str
) -> None:
    kept = await started(memory, {"id": "ask", "kind": "http", "url": url}, given={})
    assert await executed(memory, performer) == "failed"
    assert message in (kept.step("ask").error or "")


async def test_a_step_that_takes_too_long_fails(memory: Memory) -> None:
    async def never(_request: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    performer = Performer(httpx2.AsyncClient(transport=httpx2.MockTransport(never)), ALLOWED)
    kept = await started(memory, {"id": "ask", "kind": "http", "url": "http://api.example/", "timeout": 0.1})
    assert await executed(memory, performer) == "failed"
    assert kept.step("ask").error == "no result within 0.1 s"


async def test_a_run_of_a_dead_worker_is_taken_over_and_the_dead_one_can_write_no_more(
    memory: Memory, performer: Performer
) -> None:
    kept = await started(
        memory,
        {"id": "one", "kind": "delay", "seconds": 0},
        {"id": "two", "kind": "delay", "seconds": 0, "needs": ["one"]},
    )
    dead = await memory.claim("dead", 15)
    assert dead is not None
    first = await memory.begin(dead, "one", "dead")
    await memory.finish(dead, "one", first.attempt, Finished("succeeded", "succeeded"))
    await memory.begin(dead, "two", "dead")
    assert await memory.claim("w2", 15) is None, "its lease holds"

    kept.lapsed = True
    assert await executed(memory, performer, worker="w2") == "succeeded"
    assert [attempt.worker for attempt in kept.step("one").attempts] == ["dead"], "done once is done"
    assert [(one.worker, one.outcome) for one in kept.step("two").attempts] == [
        ("dead", "lost"),
        ("w2", "succeeded"),
    ]
    late = Runner(memory, performer, dead, worker="dead", lease=15, patience=5, stopping=asyncio.Event())
    assert await late.run() == "lost"


async def test_a_delay_counts_from_its_first_start(memory: Memory, performer: Performer) -> None:
    await started(memory, {"id": "wait", "kind": "delay", "seconds": 3600})
    memory.elapsed = 3600.5
    assert await executed(memory, performer) == "succeeded"


async def test_a_run_that_outlives_too_many_workers_is_given_up(memory: Memory, performer: Performer) -> None:
    kept = await started(memory, {"id": "killer", "kind": "delay", "seconds": 0})
    kept.run.status, kept.run.takeovers, kept.lapsed = "running", 5, True
    assert await executed(memory, performer) == "failed"
    assert "too many workers" in (kept.run.error or "")


async def test_a_database_that_is_away_for_a_moment_costs_nothing(
    memory: Memory, performer: Performer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.runner.DATABASE_PAUSE", 0.01)
    kept = await started(memory, {"id": "one", "kind": "delay", "seconds": 0})
    memory.unreachable = 5
    assert await executed(memory, performer) == "succeeded"
    assert [attempt.outcome for attempt in kept.step("one").attempts] == ["succeeded"]


async def test_a_cancelled_run_stops(memory: Memory, performer: Performer) -> None:
    kept = await started(memory, {"id": "wait", "kind": "delay", "seconds": 3600})
    running = asyncio.create_task(executed(memory, performer, lease=0.05))
    while kept.step("wait").status != "running":
        await asyncio.sleep(0)
    await memory.cancel(kept.run.id)
    assert await running == "lost"
    assert kept.run.status == "cancelled"


async def test_a_worker_that_is_stopped_finishes_the_step_in_hand_and_hands_the_run_back(
    memory: Memory, performer: Performer
) -> None:
    kept = await started(
        memory,
        {"id": "short", "kind": "delay", "seconds": 0.2},
        {"id": "next", "kind": "delay", "seconds": 0, "needs": ["short"]},
    )
    worker = Worker(memory, performer, Settings(poll=0.01, shutdown_timeout=10), "w1")
    working = asyncio.create_task(worker.work())
    while kept.step("short").status != "running":
        await asyncio.sleep(0)
    worker.stop()
    await working
    assert statuses(kept) == {"short": "succeeded", "next": "pending"}
    assert kept.run.status == "queued"
    assert await executed(memory, performer, worker="w2") == "succeeded"


async def test_a_step_that_does_not_finish_in_time_is_handed_back(
    memory: Memory, performer: Performer
) -> None:
    kept = await started(memory, {"id": "long", "kind": "delay", "seconds": 3600})
    stopping = asyncio.Event()
    running = asyncio.create_task(executed(memory, performer, stopping=stopping, patience=0.05))
    while kept.step("long").status != "running":
        await asyncio.sleep(0)
    stopping.set()
    assert await running == "handed-back"
    assert [attempt.outcome for attempt in kept.step("long").attempts] == ["handed-back"]
    assert kept.run.status == "queued"
