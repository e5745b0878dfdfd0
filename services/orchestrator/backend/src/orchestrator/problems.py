"""Errors as RFC 9457 problem documents."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from .logs import describe, request_id
from .schemas import KINDS

log = logging.getLogger("orchestrator.problems")


class Problem(Exception):
    """An answer other than success, said so that a person and a program can act on it."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.extensions = extensions

    def response(self) -> JSONResponse:
        body = {
            "type": f"urn:orchestrator:problem:{self.kind}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id.get(),
            **self.extensions,
        }
        return JSONResponse(
            jsonable_encoder(body), self.status, headers=self.headers, media_type="application/problem+json"
        )


def database_unavailable() -> Problem:
    return Problem(
        503,
        "database-unavailable",
        "The database cannot be reached at the moment.",
        headers={"Retry-After": "2"},
    )


def install(app: FastAPI) -> None:
    """Turns every failure of a request into a problem document."""

    @app.exception_handler(Problem)
    async def _problem(_request: Request, problem: Problem) -> JSONResponse:
        return problem.response()

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        return Problem(error.status_code, kind, str(error.detail), headers=error.headers).response()

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        # The input itself is not repeated: it can be huge, or text that no answer may carry.
        fields = [
            {
                "path": path_of(one["loc"][1:]),
                "in": str(one["loc"][0]),
                "message": one["msg"],
            }
            for one in error.errors()
        ]
        return Problem(422, "invalid", "The request has fields that are not valid.", errors=fields).response()

    @app.exception_handler(PoolTimeout)
    async def _pool(_request: Request, error: PoolTimeout) -> JSONResponse:
        log.error("no database connection became free", extra={"error": describe(error)})
        return Problem(503, "busy", "Too many requests at once.", headers={"Retry-After": "2"}).response()

    @app.exception_handler(DBAPIError)
    async def _database(_request: Request, error: DBAPIError) -> JSONResponse:
        log.error("a statement failed", extra={"error": describe(error)})
        if isinstance(error, OperationalError | InterfaceError):
            return database_unavailable().response()
        return unexpected().response()


def path_of(location: Sequence[int | str]) -> str:
    """`steps.0.url`: where in the document, without pydantic's word for which kind of step it took it for."""
    return ".".join(
        str(part)
        for position, part in enumerate(location)
        if not (part in KINDS and position > 0 and isinstance(location[position - 1], int))
    )


def unexpected() -> Problem:
    return Problem(
        500, "internal", "Something went wrong on our side. The request id helps to find out what."
    )
