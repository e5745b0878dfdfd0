"""Workflows and runs as the API reads and writes them."""

from typing import Any, Protocol
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker

from .model import AttemptRow, RunRow, StepRow, WorkflowRow
from .schemas import (
    Attempt,
    Run,
    RunSummary,
    StepState,
    Workflow,
    WorkflowCreate,
    WorkflowSummary,
    WorkflowUpdate,
)

KEPT_RUNS = 100
"""Finished runs that are kept per workflow."""


class Conflict(Exception):
    """The change does not fit what is there now; the message says why."""


class Workflows(Protocol):
    """Workflows and their runs, wherever they are kept. Methods that find nothing give None or False."""

    async def summaries(self, limit: int) -> list[WorkflowSummary]: ...
    async def get(self, identifier: UUID) -> Workflow | None: ...
    async def create(self, new: WorkflowCreate) -> Workflow: ...
    async def update(self, identifier: UUID, change: WorkflowUpdate) -> Workflow | None: ...
    async def delete(self, identifier: UUID) -> bool: ...
    async def start(self, identifier: UUID, given: Any) -> Run | None: ...
    async def runs(self, workflow: UUID | None, limit: int) -> list[RunSummary]: ...
    async def run(self, identifier: UUID) -> Run | None: ...
    async def retry(self, identifier: UUID) -> Run | None: ...
    async def cancel(self, identifier: UUID) -> Run | None: ...


class SqlWorkflows:
    """Workflows in PostgreSQL."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._session = async_sessionmaker(engine, expire_on_commit=False)

    async def summaries(self, limit: int) -> list[WorkflowSummary]:
        newest = select(WorkflowRow).order_by(WorkflowRow.updated_at.desc(), WorkflowRow.id).limit(limit)
        async with self._session() as session:
            rows = (await session.scalars(newest)).all()
            last = (
                select(RunRow)
                .ext(distinct_on(RunRow.workflow_id))
                .where(RunRow.workflow_id.in_([row.id for row in rows]))
                .order_by(RunRow.workflow_id, RunRow.created_at.desc())
            )
            runs = {run.workflow_id: RunSummary.model_validate(run) for run in await session.scalars(last)}
        return [
            WorkflowSummary(
                id=row.id,
                name=row.name,
                description=row.description,
                version=row.version,
                step_count=len(row.steps),
                updated_at=row.updated_at,
                last_run=runs.get(row.id),
            )
            for row in rows
        ]

    async def get(self, identifier: UUID) -> Workflow | None:
        async with self._session() as session:
            row = await session.get(WorkflowRow, identifier)
        return Workflow.model_validate(row) if row else None

    async def create(self, new: WorkflowCreate) -> Workflow:
        row = WorkflowRow(id=uuid4(), **new.model_dump(mode="json"))
        async with self._session.begin() as session:
            session.add(row)
            await session.flush()
            await session.refresh(row)
        return Workflow.model_validate(row)

    async def update(self, identifier: UUID, change: WorkflowUpdate) -> Workflow | None:
        async with self._session.begin() as session:
            row = await session.scalar(
                update(WorkflowRow)
                .where(WorkflowRow.id == identifier, WorkflowRow.version == change.version)
                .values(
                    **change.model_dump(mode="json", exclude={"version"}),
                    version=change.version + 1,
                    updated_at=func.now(),
                )
                .returning(WorkflowRow)
            )
            if row:
                return Workflow.model_validate(row)
            version = await session.scalar(select(WorkflowRow.version).where(WorkflowRow.id == identifier))
        if version is None:
            return None
        raise Conflict(
            f"The workflow is at version {version} by now, and version {change.version} was edited."
        )

    async def delete(self, identifier: UUID) -> bool:
        async with self._session.begin() as session:
            gone = await session.scalar(
                delete(WorkflowRow).where(WorkflowRow.id == identifier).returning(WorkflowRow.id)
            )
        return gone is not None

    async def start(self, identifier: UUID, given: Any) -> Run | None:
        async with self._session.begin() as session:
            workflow = await session.get(WorkflowRow, identifier, with_for_update={"read": True})
            if not workflow:
                return None
            run = RunRow(
                id=uuid4(),
                workflow_id=workflow.id,
                workflow_name=workflow.name,
                workflow_version=workflow.version,
                steps=workflow.steps,
                input=given,
            )
            session.add(run)
            await session.flush()
            session.add_all(StepRow(run_id=run.id, id=step["id"], output=None) for step in workflow.steps)
            # Nothing grows without end.
            kept = (
                select(RunRow.id)
                .where(RunRow.workflow_id == identifier)
                .order_by(RunRow.created_at.desc())
                .limit(KEPT_RUNS)
            )
            await session.execute(
                delete(RunRow).where(
                    RunRow.workflow_id == identifier,
                    RunRow.finished_at.is_not(None),
                    RunRow.id.not_in(kept),
                )
            )
        return await self.run(run.id)

    async def runs(self, workflow: UUID | None, limit: int) -> list[RunSummary]:
        wanted = select(RunRow).order_by(RunRow.created_at.desc(), RunRow.id).limit(limit)
        if workflow:
            wanted = wanted.where(RunRow.workflow_id == workflow)
        async with self._session() as session:
            return [RunSummary.model_validate(row) for row in await session.scalars(wanted)]

    async def run(self, identifier: UUID) -> Run | None:
        async with self._session() as session:
            # One picture: the states belong together.
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            run = await session.get(RunRow, identifier)
            if not run:
                return None
            steps = await session.scalars(select(StepRow).where(StepRow.run_id == identifier))
            tries = await session.scalars(
                select(AttemptRow).where(AttemptRow.run_id == identifier).order_by(AttemptRow.number)
            )
            return picture(run, list(steps), list(tries))

    async def retry(self, identifier: UUID) -> Run | None:
        """Takes up a run that failed: what succeeded is kept, the rest is done again."""
        async with self._session.begin() as session:
            run = await session.get(RunRow, identifier, with_for_update=True)
            if not run:
                return None
            if run.status not in ("failed", "cancelled"):
                raise Conflict(
                    f"Only a run that failed or was cancelled can be retried; this one {word(run.status)}."
                )
            run.status, run.error, run.finished_at = "queued", None, None
            run.lease, run.lease_until, run.takeovers = None, None, 0
            await session.execute(
                update(StepRow)
                .where(StepRow.run_id == identifier, StepRow.status != "succeeded")
                .values(status="pending", failures=0, error=None, started_at=None, finished_at=None)
            )
        return await self.run(identifier)

    async def cancel(self, identifier: UUID) -> Run | None:
        """Ends a run. The worker that has it in hand notices with its next sign of life."""
        async with self._session.begin() as session:
            run = await session.get(RunRow, identifier, with_for_update=True)
            if not run:
                return None
            if run.status not in ("queued", "running"):
                raise Conflict(f"The run is over: it {word(run.status)}.")
            run.status, run.error, run.finished_at = "cancelled", "cancelled by a person", func.now()
            run.lease, run.lease_until = None, None
            await session.execute(
                update(AttemptRow)
                .where(AttemptRow.run_id == identifier, AttemptRow.outcome == "running")
                .values(outcome="cancelled", finished_at=func.now())
            )
            await session.execute(
                update(StepRow)
                .where(StepRow.run_id == identifier, StepRow.status.in_(["pending", "running"]))
                .values(status="cancelled", finished_at=func.now())
            )
        return await self.run(identifier)


def word(status: str) -> str:
    return {"queued": "is queued", "running": "is running", "cancelled": "was cancelled"}.get(status, status)


def picture(run: RunRow, steps: list[StepRow], tries: list[AttemptRow]) -> Run:
    """A run with its steps in the order of the definition."""
    states = {step.id: step for step in steps}
    return Run(
        **RunSummary.model_validate(run).model_dump(),
        input=run.input,
        steps=[
            StepState(
                id=step["id"],
                kind=step["kind"],
                needs=step["needs"],
                status=states[step["id"]].status,  # type: ignore[arg-type]
                output=states[step["id"]].output,
                error=states[step["id"]].error,
                started_at=states[step["id"]].started_at,
                finished_at=states[step["id"]].finished_at,
                attempts=[Attempt.model_validate(one) for one in tries if one.step_id == step["id"]],
            )
            for step in run.steps
        ],
    )
