"""The routes under /api."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from longshore_service.problems import Problem

from .graph import issues, layers
from .repository import Conflict
from .repository import Workflows as Repository
from .schemas import Run, Runs, RunStart, Step, Valid, Workflow, WorkflowCreate, Workflows, WorkflowUpdate

router = APIRouter(prefix="/api")


def workflows_of(request: Request) -> Repository:
    return request.app.state.workflows  # type: ignore[no-any-return]


Kept = Annotated[Repository, Depends(workflows_of)]
Limit = Annotated[int, Query(ge=1, le=500)]


def sound(steps: list[Step]) -> None:
    """:raises Problem: with everything that is wrong with the graph"""
    found = issues(steps)
    if found:
        errors = [{"path": issue.path, "in": "body", "message": issue.message} for issue in found]
        raise Problem(422, "invalid", "The workflow's steps do not fit together.", errors=errors)


def existing[T](found: T | None, what: str) -> T:
    if found is None:
        raise Problem(404, f"no-such-{what}", f"There is no {what} with this id. Perhaps it was deleted.")
    return found


def conflict(error: Conflict) -> Problem:
    return Problem(409, "conflict", str(error))


@router.get("/workflows")
async def list_workflows(kept: Kept, limit: Limit = 100) -> Workflows:
    return Workflows(items=await kept.summaries(limit))


@router.post("/workflows", status_code=201)
async def create_workflow(kept: Kept, new: WorkflowCreate, response: Response) -> Workflow:
    sound(new.steps)
    workflow = await kept.create(new)
    response.headers["Location"] = f"/api/workflows/{workflow.id}"
    return workflow


@router.post("/workflows/validate")
async def validate_workflow(new: WorkflowCreate) -> Valid:
    """Says what is wrong with a workflow, without keeping it."""
    sound(new.steps)
    return Valid(order=layers(new.steps))


@router.get("/workflows/{id}")
async def read_workflow(kept: Kept, id: UUID) -> Workflow:
    return existing(await kept.get(id), "workflow")


@router.put("/workflows/{id}")
async def update_workflow(kept: Kept, id: UUID, change: WorkflowUpdate) -> Workflow:
    """Replaces a workflow. Runs that have begun go on as they were."""
    sound(change.steps)
    try:
        return existing(await kept.update(id, change), "workflow")
    except Conflict as error:
        raise conflict(error) from None


@router.delete("/workflows/{id}", status_code=204)
async def delete_workflow(kept: Kept, id: UUID) -> None:
    """Deletes a workflow and its runs, for good."""
    existing(await kept.delete(id) or None, "workflow")


@router.post("/workflows/{id}/runs", status_code=201)
async def start_run(kept: Kept, id: UUID, response: Response, start: RunStart | None = None) -> Run:
    run = existing(await kept.start(id, start.input if start else None), "workflow")
    response.headers["Location"] = f"/api/runs/{run.id}"
    return run


@router.get("/runs")
async def list_runs(kept: Kept, workflow: UUID | None = None, limit: Limit = 50) -> Runs:
    return Runs(items=await kept.runs(workflow, limit))


@router.get("/runs/{id}")
async def read_run(kept: Kept, id: UUID) -> Run:
    return existing(await kept.run(id), "run")


@router.post("/runs/{id}/retry")
async def retry_run(kept: Kept, id: UUID) -> Run:
    """Takes up a run that failed or was cancelled: what succeeded is kept, the rest is done again."""
    try:
        return existing(await kept.retry(id), "run")
    except Conflict as error:
        raise conflict(error) from None


@router.post("/runs/{id}/cancel")
async def cancel_run(kept: Kept, id: UUID) -> Run:
    try:
        return existing(await kept.cancel(id), "run")
    except Conflict as error:
        raise conflict(error) from None
