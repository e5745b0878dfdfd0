"""Workflows and runs in memory: a stand-in for PostgreSQL, so that API and worker can be tested while the image is built."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from orchestrator.queue import Begun, Claim, Finished, LeaseLost, StepProgress
from orchestrator.repository import Conflict
from orchestrator.schemas import (
    STEPS,
    Attempt,
    Run,
    RunSummary,
    StepState,
    Workflow,
    WorkflowCreate,
    WorkflowSummary,
    WorkflowUpdate,
)


@dataclass
class Kept:
    run: Run
    steps: list[dict[str, Any]]
    lease: UUID | None = None
    lapsed: bool = False
    failures: dict[str, int] = field(default_factory=dict)

    def step(self, identifier: str) -> StepState:
        return next(step for step in self.run.steps if step.id == identifier)


class Memory:
    """Both sides of the tables: the API's and the workers'."""

    def __init__(self) -> None:
        self.workflows: dict[UUID, Workflow] = {}
        self.kept: dict[UUID, Kept] = {}
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.elapsed = 0.0
        self.unreachable = 0
        """So many calls of workers fail as if the database were down."""

    def _tick(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    # The API's side

    async def summaries(self, limit: int) -> list[WorkflowSummary]:
        newest = sorted(self.workflows.values(), key=lambda one: one.updated_at, reverse=True)[:limit]
        return [
            WorkflowSummary(
                **one.model_dump(include={"id", "name", "description", "version", "updated_at"}),
                step_count=len(one.steps),
                last_run=next(iter(await self.runs(one.id, 1)), None),
            )
            for one in newest
        ]

    async def get(self, identifier: UUID) -> Workflow | None:
        return self.workflows.get(identifier)

    async def create(self, new: WorkflowCreate) -> Workflow:
        moment = self._tick()
        made = Workflow(
            id=uuid4(), version=1, created_at=moment, updated_at=moment, **new.model_dump(mode="json")
        )
        self.workflows[made.id] = made
        return made

    async def update(self, identifier: UUID, change: WorkflowUpdate) -> Workflow | None:
        there = self.workflows.get(identifier)
        if there is None:
            return None
        if there.version != change.version:
            raise Conflict(f"The workflow is at version {there.version} by now.")
        values = {**change.model_dump(mode="json"), "version": there.version + 1, "updated_at": self._tick()}
        self.workflows[identifier] = there.model_copy(update=values)
        return self.workflows[identifier]

    async def delete(self, identifier: UUID) -> bool:
        return self.workflows.pop(identifier, None) is not None

    async def start(self, identifier: UUID, given: Any) -> Run | None:
        workflow = self.workflows.get(identifier)
        if workflow is None:
            return None
        run = Run(
            id=uuid4(),
            workflow_id=identifier,
            workflow_name=workflow.name,
            workflow_version=workflow.version,
            status="queued",
            error=None,
            takeovers=0,
            created_at=self._tick(),
            started_at=None,
            finished_at=None,
            input=given,
            steps=[
                StepState(
                    id=step["id"],
                    kind=step["kind"],
                    needs=step["needs"],
                    status="pending",
                    output=None,
                    error=None,
                    started_at=None,
                    finished_at=None,
                    attempts=[],
                )
                for step in workflow.steps
            ],
        )
        self.kept[run.id] = Kept(run, workflow.steps)
        return run

    async def runs(self, workflow: UUID | None, limit: int) -> list[RunSummary]:
        newest = sorted(
            (kept.run for kept in self.kept.values()), key=lambda run: run.created_at, reverse=True
        )
        return [RunSummary.model_validate(run) for run in newest if workflow in (None, run.workflow_id)][
            :limit
        ]

    async def run(self, identifier: UUID) -> Run | None:
        kept = self.kept.get(identifier)
        return kept.run if kept else None

    async def retry(self, identifier: UUID) -> Run | None:
        kept = self.kept.get(identifier)
        if kept is None:
            return None
        if kept.run.status not in ("failed", "cancelled"):
            raise Conflict("Only a run that failed or was cancelled can be retried.")
        kept.run.status, kept.lease, kept.failures = "queued", None, {}
        for step in kept.run.steps:
            if step.status != "succeeded":
                step.status = "pending"
        return kept.run

    async def cancel(self, identifier: UUID) -> Run | None:
        kept = self.kept.get(identifier)
        if kept is None:
            return None
        if kept.run.status not in ("queued", "running"):
            raise Conflict("The run is over.")
        kept.run.status, kept.lease = "cancelled", None
        return kept.run

    # The workers' side

    async def claim(self, worker: str, seconds: float) -> Claim | None:
        for kept in self.kept.values():
            if kept.run.status == "queued" or (kept.run.status == "running" and kept.lapsed):
                taken_over = kept.run.status == "running"
                if taken_over:
                    kept.run.takeovers += 1
                    self._reset(kept, "lost")
                kept.run.status, kept.lease, kept.lapsed = "running", uuid4(), False
                return Claim(
                    run=kept.run.id,
                    lease=kept.lease,
                    steps=STEPS.validate_python(kept.steps),
                    input=kept.run.input,
                    progress={
                        step.id: StepProgress(step.status, kept.failures.get(step.id, 0), step.output)
                        for step in kept.run.steps
                    },
                    taken_over=taken_over,
                    spent=kept.run.takeovers > 5,
                )
        return None

    def _ours(self, claim: Claim) -> Kept:
        if self.unreachable > 0:
            self.unreachable -= 1
            raise OSError("connection refused")
        kept = self.kept[claim.run]
        if kept.lease != claim.lease or kept.run.status != "running":
            raise LeaseLost
        return kept

    def _reset(self, kept: Kept, outcome: Literal["lost", "handed-back", "cancelled"]) -> None:
        for step in kept.run.steps:
            for attempt in step.attempts:
                if attempt.outcome == "running":
                    attempt.outcome = outcome
            if step.status == "running":
                step.status = "pending"

    async def extend(self, claim: Claim, seconds: float) -> None:
        self._ours(claim)

    async def begin(self, claim: Claim, step: str, worker: str) -> Begun:
        state = self._ours(claim).step(step)
        state.status = "running"
        state.attempts.append(
            Attempt(
                number=len(state.attempts) + 1,
                worker=worker,
                outcome="running",
                error=None,
                started_at=self._tick(),
                finished_at=None,
            )
        )
        return Begun(len(state.attempts), self.elapsed)

    async def finish(self, claim: Claim, step: str, attempt: int, end: Finished) -> None:
        kept = self._ours(claim)
        state = kept.step(step)
        state.attempts[attempt - 1].outcome, state.attempts[attempt - 1].error = end.outcome, end.error
        state.status, state.output, state.error = end.status, end.output, end.error
        kept.failures[step] = end.failures

    async def skip(self, claim: Claim, steps: list[str]) -> None:
        kept = self._ours(claim)
        for step in steps:
            kept.step(step).status = "skipped"

    async def complete(self, claim: Claim, status: Literal["succeeded", "failed"], error: str | None) -> None:
        kept = self._ours(claim)
        self._reset(kept, "cancelled")
        kept.run.status, kept.run.error, kept.lease = status, error, None

    async def release(self, claim: Claim) -> None:
        kept = self._ours(claim)
        self._reset(kept, "handed-back")
        kept.run.status, kept.lease = "queued", None
