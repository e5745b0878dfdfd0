"""Workflows, runs and the queue over PostgreSQL: what the unit tests' memory cannot show."""

import asyncio
from uuid import uuid4

import pytest

from conftest import Database
from orchestrator.queue import Claim, Finished, LeaseLost
from orchestrator.repository import Conflict
from orchestrator.schemas import Workflow, WorkflowCreate, WorkflowUpdate


async def created(database: Database, **fields: object) -> Workflow:
    steps = [{"id": "one", "kind": "transform", "value": 1}]
    return await database.workflows.create(
        WorkflowCreate.model_validate({"name": "tests", "steps": steps, **fields})
    )


def change(workflow: Workflow, name: str) -> WorkflowUpdate:
    return WorkflowUpdate.model_validate(
        {"name": name, "steps": workflow.steps, "version": workflow.version}
    )


async def test_life_of_a_workflow(database: Database) -> None:
    kept = database.workflows
    made = await created(database, description="first")
    assert made == await kept.get(made.id)
    changed = await kept.update(made.id, change(made, "renamed"))
    assert changed and (changed.version, changed.name, changed.description) == (2, "renamed", "")
    with pytest.raises(Conflict, match="at version 2 by now"):
        await kept.update(made.id, change(made, "late"))
    assert made.id in {one.id for one in await kept.summaries(500)}
    run = await kept.start(made.id, {"a": "ü"})
    assert run and run.workflow_version == 2
    await database.over(run.id)
    assert await kept.delete(made.id)
    assert await kept.run(run.id) is None, "a workflow's runs go with it"
    assert not await kept.delete(made.id)
    assert await kept.update(made.id, change(made, "gone")) is None
    assert await kept.start(made.id, None) is None


async def test_of_changes_at_once_one_wins(database: Database) -> None:
    made = await created(database)

    async def attempt(number: int) -> bool:
        try:
            await database.workflows.update(made.id, change(made, str(number)))
        except Conflict:
            return False
        return True

    assert sum(await asyncio.gather(*(attempt(number) for number in range(8)))) == 1


async def test_keeps_what_could_be_misread(database: Database) -> None:
    text = "100%_ \\ 'quoted' \"twice\" :name {} $1; drop table workflow -- Grüße 🚢"
    made = await created(database, name=text, description=text)
    assert made.name == text
    run = await database.started(
        {"id": "echo", "kind": "transform", "value": {"said": "{{ input.text }}"}},
        given={"text": text},
    )
    assert (await database.over(run)).steps[0].output == {"said": text}


async def test_workers_share_the_work_and_do_nothing_twice(database: Database, worker: str) -> None:
    steps = [
        {"id": "first", "kind": "delay", "seconds": 0.1},
        {"id": "second", "kind": "transform", "value": "{{ input }}", "needs": ["first"]},
    ]
    runs = [await database.started(*steps, given=number) for number in range(30)]
    ended = await asyncio.gather(*(database.over(run) for run in runs))
    assert {run.status for run in ended} == {"succeeded"}
    assert [run.steps[-1].output for run in ended] == list(range(30))
    attempts = [attempt for run in ended for step in run.steps for attempt in step.attempts]
    assert len(attempts) == 60
    assert {attempt.outcome for attempt in attempts} == {"succeeded"}
    workers = {attempt.worker for attempt in attempts}
    assert worker in workers and len(workers) > 1, workers


async def test_repeats_what_fails_and_leaves_out_what_comes_after(database: Database, worker: str) -> None:
    run = await database.started(
        {"id": "flaky", "kind": "fail", "times": 2, "retries": 3, "retry_delay": 0},
        {"id": "bad", "kind": "fail", "message": "no such table"},
        {"id": "after", "kind": "transform", "value": 1, "needs": ["bad"]},
    )
    ended = await database.over(run)
    steps = {step.id: step for step in ended.steps}
    assert ended.status == "failed"
    assert [attempt.outcome for attempt in steps["flaky"].attempts] == ["failed", "failed", "succeeded"]
    assert (steps["bad"].error, steps["after"].status) == ("no such table", "skipped")


async def test_cancels_what_runs_and_takes_it_up_again(database: Database, worker: str) -> None:
    kept = database.workflows
    run = await database.started(
        {"id": "quick", "kind": "transform", "value": 1},
        {"id": "long", "kind": "delay", "seconds": 600, "needs": ["quick"]},
    )
    for _ in range(300):
        found = await kept.run(run)
        assert found
        if found.steps[0].status == "succeeded":
            break
        await asyncio.sleep(0.1)
    cancelled = await kept.cancel(run)
    assert cancelled and cancelled.status == "cancelled"
    with pytest.raises(Conflict):
        await kept.cancel(run)
    again = await kept.retry(run)
    assert again and again.status in {"queued", "running"}
    assert len(again.steps[0].attempts) == 1, "what succeeded is kept"
    await kept.cancel(run)


async def test_who_lost_the_lease_writes_nothing(database: Database) -> None:
    run = await database.started({"id": "one", "kind": "transform", "value": 1})
    await database.over(run)
    claim = Claim(run=run, lease=uuid4(), steps=[], input=None, progress={}, taken_over=False)
    queue = database.queue
    for late in (
        queue.extend(claim, 10),
        queue.begin(claim, "one", "late"),
        queue.finish(claim, "one", 1, Finished("failed", "failed", error="late")),
        queue.skip(claim, ["one"]),
        queue.complete(claim, "failed", "late"),
    ):
        with pytest.raises(LeaseLost):
            await late
    await queue.release(claim)
    found = await database.workflows.run(run)
    assert found and (found.status, found.error, len(found.steps[0].attempts)) == ("succeeded", None, 1)
