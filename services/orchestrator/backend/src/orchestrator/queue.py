"""The runs as workers see them: who has which in hand, and what became of each step.

Every write carries the lease it was claimed with. A run that another worker took over, or that a person
cancelled, has another lease by then, and the write is refused: `LeaseLost`.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, Protocol
from uuid import UUID, uuid4

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from .model import AttemptRow, RunRow, StepRow
from .schemas import STEPS, Outcome, Step, StepStatus

MAX_TAKEOVERS = 5
"""A run that outlived so many workers is taken for what kills them, and fails."""


class LeaseLost(Exception):
    """The run is no longer ours to write to."""


@dataclass(slots=True)
class StepProgress:
    status: StepStatus
    failures: int
    output: Any


@dataclass(slots=True)
class Claim:
    """A run in hand."""

    run: UUID
    lease: UUID
    steps: list[Step]
    input: Any
    progress: dict[str, StepProgress]
    taken_over: bool
    spent: bool = False
    """It was taken over too often and is to be given up."""


@dataclass(slots=True)
class Begun:
    attempt: int
    elapsed: float
    """Seconds since the step was started for the first time."""


@dataclass(slots=True)
class Finished:
    outcome: Outcome
    status: StepStatus
    output: Any = None
    error: str | None = None
    failures: int = field(default=0)


class Queue(Protocol):
    """Where the work comes from. All but `claim` and `release` raise LeaseLost."""

    async def claim(self, worker: str, seconds: float) -> Claim | None: ...
    async def extend(self, claim: Claim, seconds: float) -> None: ...
    async def begin(self, claim: Claim, step: str, worker: str) -> Begun: ...
    async def finish(self, claim: Claim, step: str, attempt: int, end: Finished) -> None: ...
    async def skip(self, claim: Claim, steps: list[str]) -> None: ...
    async def complete(
        self, claim: Claim, status: Literal["succeeded", "failed"], error: str | None
    ) -> None: ...
    async def release(self, claim: Claim) -> None: ...


class SqlQueue:
    """The queue in PostgreSQL. The database's clock is the only one that counts."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._session = async_sessionmaker(engine, expire_on_commit=False)

    async def claim(self, worker: str, seconds: float) -> Claim | None:
        due = or_(
            RunRow.status == "queued", and_(RunRow.status == "running", RunRow.lease_until < func.now())
        )
        async with self._session.begin() as session:
            run = await session.scalar(
                select(RunRow)
                .where(due)
                .order_by(RunRow.created_at)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if not run:
                return None
            taken_over = run.status == "running"
            if taken_over:
                run.takeovers += 1
                await _reset(session, run.id, "lost", "the worker gave no more sign of life")
            run.status, run.lease = "running", uuid4()
            run.lease_until = func.now() + timedelta(seconds=seconds)
            run.started_at = func.coalesce(RunRow.started_at, func.now())
            await session.flush()
            steps = await session.scalars(select(StepRow).where(StepRow.run_id == run.id))
            return Claim(
                run=run.id,
                lease=run.lease,
                steps=STEPS.validate_python(run.steps),
                input=run.input,
                progress={
                    step.id: StepProgress(step.status, step.failures, step.output)  # type: ignore[arg-type]
                    for step in steps
                },
                taken_over=taken_over,
                spent=run.takeovers > MAX_TAKEOVERS,
            )

    async def extend(self, claim: Claim, seconds: float) -> None:
        async with self._session.begin() as session:
            await _ours(session, claim)
            await session.execute(
                update(RunRow)
                .where(RunRow.id == claim.run)
                .values(lease_until=func.now() + timedelta(seconds=seconds))
            )

    async def begin(self, claim: Claim, step: str, worker: str) -> Begun:
        async with self._session.begin() as session:
            await _ours(session, claim)
            # Still open only when the answer to an earlier call was lost on its way.
            await session.execute(
                update(AttemptRow)
                .where(
                    AttemptRow.run_id == claim.run,
                    AttemptRow.step_id == step,
                    AttemptRow.outcome == "running",
                )
                .values(outcome="lost", finished_at=func.now())
            )
            number, elapsed = (
                await session.execute(
                    update(StepRow)
                    .where(StepRow.run_id == claim.run, StepRow.id == step)
                    .values(
                        status="running",
                        attempts=StepRow.attempts + 1,
                        started_at=func.coalesce(StepRow.started_at, func.now()),
                    )
                    .returning(StepRow.attempts, func.extract("epoch", func.now() - StepRow.started_at))
                )
            ).one()
            session.add(AttemptRow(run_id=claim.run, step_id=step, number=number, worker=worker))
        return Begun(number, float(elapsed))

    async def finish(self, claim: Claim, step: str, attempt: int, end: Finished) -> None:
        over = end.status != "pending"
        async with self._session.begin() as session:
            await _ours(session, claim)
            await session.execute(
                update(AttemptRow)
                .where(
                    AttemptRow.run_id == claim.run, AttemptRow.step_id == step, AttemptRow.number == attempt
                )
                .values(outcome=end.outcome, error=end.error, finished_at=func.now())
            )
            await session.execute(
                update(StepRow)
                .where(StepRow.run_id == claim.run, StepRow.id == step)
                .values(
                    status=end.status,
                    output=end.output,
                    error=end.error,
                    failures=end.failures,
                    finished_at=func.now() if over else None,
                )
            )

    async def skip(self, claim: Claim, steps: list[str]) -> None:
        async with self._session.begin() as session:
            await _ours(session, claim)
            await session.execute(
                update(StepRow)
                .where(StepRow.run_id == claim.run, StepRow.id.in_(steps))
                .values(status="skipped", error="a step before it did not succeed", finished_at=func.now())
            )

    async def complete(self, claim: Claim, status: Literal["succeeded", "failed"], error: str | None) -> None:
        async with self._session.begin() as session:
            await _ours(session, claim)
            if status == "failed":
                await _reset(session, claim.run, "cancelled", "the run was given up")
                await session.execute(
                    update(StepRow)
                    .where(StepRow.run_id == claim.run, StepRow.status == "pending")
                    .values(status="skipped", finished_at=func.now())
                )
            await session.execute(
                update(RunRow)
                .where(RunRow.id == claim.run)
                .values(status=status, error=error, finished_at=func.now(), lease=None, lease_until=None)
            )

    async def release(self, claim: Claim) -> None:
        """Hands a run back, for another worker to go on with at once."""
        async with self._session.begin() as session:
            try:
                await _ours(session, claim)
            except LeaseLost:
                return
            await _reset(session, claim.run, "handed-back", "the worker was stopped")
            await session.execute(
                update(RunRow)
                .where(RunRow.id == claim.run)
                .values(status="queued", lease=None, lease_until=None)
            )


async def _ours(session: AsyncSession, claim: Claim) -> None:
    held = await session.scalar(
        select(RunRow.id)
        .where(RunRow.id == claim.run, RunRow.lease == claim.lease, RunRow.status == "running")
        .with_for_update()
    )
    if held is None:
        raise LeaseLost(f"run {claim.run}")


async def _reset(session: AsyncSession, run: UUID, outcome: Outcome, reason: str) -> None:
    """What was being tried is to be tried again; the broken-off attempts stay on record."""
    await session.execute(
        update(AttemptRow)
        .where(AttemptRow.run_id == run, AttemptRow.outcome == "running")
        .values(outcome=outcome, error=reason, finished_at=func.now())
    )
    await session.execute(
        update(StepRow).where(StepRow.run_id == run, StepRow.status == "running").values(status="pending")
    )
