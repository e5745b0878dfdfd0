"""Errors as RFC 9457 problem documents."""

import logging
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from .logs import request_id

log = logging.getLogger("longshore_service.problems")


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

    def response(self, service: str) -> JSONResponse:
        """:param service: the name in the problem's type, `urn:SERVICE:problem:KIND`"""
        body = {
            "type": f"urn:{service}:problem:{self.kind}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id.get(),
            **self.extensions,
        }
        return JSONResponse(
            jsonable_encoder(body), self.status, headers=self.headers, media_type="application/problem+json"
        )


def unexpected() -> Problem:
    return Problem(
        500, "internal", "Something went wrong on our side. The request id helps to find out what."
    )


def install(app: FastAPI, service: str, *, tags: AbstractSet[str] = frozenset()) -> None:
    """Turns every failure of a request into a problem document.

    :param tags: words that tell the members of a union apart; they are no part of a field's path
    """

    @app.exception_handler(Problem)
    async def _problem(_request: Request, problem: Problem) -> JSONResponse:
        return problem.response(service)

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        kind = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        return Problem(error.status_code, kind, str(error.detail), headers=error.headers).response(service)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        # The input itself is not repeated: it can be huge, or text that no answer may carry.
        found = [
            {"path": path_of(one["loc"][1:], tags), "in": str(one["loc"][0]), "message": one["msg"]}
            for one in error.errors()
        ]
        problem = Problem(422, "invalid", "The request has fields that are not valid.", errors=found)
        return problem.response(service)


def path_of(location: Sequence[int | str], tags: AbstractSet[str] = frozenset()) -> str:
    """`steps.0.url`: where in the document, without pydantic's word for which kind of step it took it for."""
    return ".".join(
        str(part)
        for position, part in enumerate(location)
        if not (part in tags and position > 0 and isinstance(location[position - 1], int))
    )
