"""The one way from every channel to every handler: session, parameters, work, history, metrics."""

import logging
import time

from longshore_service.problems import Problem
from pydantic import ValidationError

from ..nodes import Json
from . import metrics
from .handlers import HANDLERS, Context, Nodes, Platform
from .sessions import Channel, Sessions, Step, now

log = logging.getLogger("nexus.gateway")


class Performer:
    def __init__(self, sessions: Sessions, platform: Platform, nodes: Nodes) -> None:
        self._sessions = sessions
        self._platform = platform
        self._nodes = nodes

    async def perform(self, channel: Channel, name: str, session: str | None, arguments: Json) -> Json:
        """`{session, result}`. Without a session a new one is opened.

        :raises Problem: the failure, as shown to the caller
        """
        handler = HANDLERS.get(name)
        if handler is None:
            raise Problem(
                404, "no-such-handler", f"There is no handler {name!r:.60}. There are: {', '.join(HANDLERS)}."
            )
        outcome, started = "failed", time.perf_counter()
        try:
            try:
                given = handler.parameters.model_validate(arguments)
            except ValidationError as error:
                raise mistaken(name, error) from None
            if session:
                current = await self._sessions.get(session)
            else:
                current = await self._sessions.open()
                metrics.sessions.labels(channel).inc()
            done = await handler.perform(Context(current, self._platform, self._nodes), given)
            step = Step(now(), channel, name, done.summary)
            await self._sessions.keep(current.id, step, done.changes)
            outcome = "succeeded"
            return {"session": current.id, "result": done.result}
        except Problem as problem:
            outcome = "refused" if problem.status < 500 else "failed"
            raise
        finally:
            metrics.calls.labels(channel, name, outcome).inc()
            metrics.call_time.labels(channel, name).observe(time.perf_counter() - started)


def mistaken(name: str, error: ValidationError) -> Problem:
    found = [
        {"path": ".".join(str(part) for part in one["loc"]), "message": one["msg"]}
        for one in error.errors(include_url=False, include_input=False)
    ]
    return Problem(422, "invalid", f"{name}: the arguments do not fit.", errors=found[:10])
