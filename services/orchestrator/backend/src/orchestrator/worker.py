"""`python -m orchestrator.worker`: executes runs until SIGTERM, and answers probes on a port of its own."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from secrets import token_hex

import uvicorn
from fastapi import FastAPI
from longshore_service.api import Readiness, equip, running
from longshore_service.database import UNAVAILABLE, create_engine, readiness
from longshore_service.logs import describe, log_config
from longshore_service.migrations import Schema
from longshore_service.settings import load, load_or_exit
from sqlalchemy.exc import SQLAlchemyError

from . import metrics
from .perform import Performer, create_client
from .queue import Claim, Queue, SqlQueue
from .runner import Runner
from .settings import Settings

log = logging.getLogger("orchestrator.worker")

STALLED = 30.0
"""Seconds without a look for work after which the worker counts as dead."""


class Worker:
    """Takes runs and has them executed, several at the same time."""

    def __init__(self, queue: Queue, performer: Performer, settings: Settings, name: str) -> None:
        self._queue = queue
        self._performer = performer
        self._settings = settings
        self._name = name
        self._stopping = asyncio.Event()
        self._hands: set[asyncio.Task[None]] = set()
        self._looked = time.monotonic()

    @property
    def lives(self) -> bool:
        return time.monotonic() - self._looked < STALLED

    def stop(self) -> None:
        self._stopping.set()

    async def work(self) -> None:
        """Looks for work until `stop`; then waits for what is in hand to be finished or handed back."""
        while not self._stopping.is_set():
            self._looked = time.monotonic()
            claim = await self._claim() if len(self._hands) < self._settings.concurrency else None
            if claim:
                hand = asyncio.create_task(self._execute(claim))
                self._hands.add(hand)
                hand.add_done_callback(self._hands.discard)
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._settings.poll)
        if self._hands:
            log.info("finishing what is in hand", extra={"runs": len(self._hands)})
            await asyncio.gather(*self._hands)

    async def _claim(self) -> Claim | None:
        try:
            return await self._queue.claim(self._name, self._settings.lease)
        except (SQLAlchemyError, *UNAVAILABLE) as error:
            log.warning("no look for work was possible", extra={"error": describe(error)})
            return None

    async def _execute(self, claim: Claim) -> None:
        fields = {"run": str(claim.run)}
        if claim.taken_over:
            metrics.takeovers.inc()
            log.warning("took over a run from a worker that gave no sign of life", extra=fields)
        else:
            log.info("run started", extra=fields)
        runner = Runner(
            self._queue,
            self._performer,
            claim,
            worker=self._name,
            lease=self._settings.lease,
            patience=self._settings.shutdown_timeout,
            stopping=self._stopping,
        )
        with metrics.in_hand.track_inprogress():
            try:
                outcome: str = await runner.run()
            except Exception:
                # The lease runs out, and the run is taken up again: by another worker, or by us.
                log.exception("a run broke", extra=fields)
                outcome = "broken"
        metrics.runs.labels(outcome).inc()
        log.info("run %s", outcome, extra={**fields, "outcome": outcome})


def create_app(settings: Settings, worker: Worker, ready: Readiness) -> FastAPI:
    """The worker with its probes; its life is the worker's."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with running("orchestrator-worker", settings, concurrency=settings.concurrency):
            working = asyncio.create_task(worker.work())
            yield
            worker.stop()
            await working

    def live() -> str | None:
        return None if worker.lives else f"no look for work in {STALLED:g} s"

    app = FastAPI(title="Orchestrator worker", lifespan=lifespan, openapi_url=None)
    equip(app, "orchestrator", settings, ready, live=live)
    return app


def worker_name() -> str:
    """Tells this process from all others, also from the one that ran in this container before it was restarted."""
    return f"{socket.gethostname()}-{token_hex(3)}"


def from_environment() -> FastAPI:
    settings = load(Settings)
    # Each run needs one connection at a time, and one more for its signs of life.
    engine = create_engine(settings, "orchestrator-worker", size=settings.concurrency + 2)
    performer = Performer(create_client(), settings.http_allow)
    worker = Worker(SqlQueue(engine), performer, settings, worker_name())
    ready = readiness(settings, "orchestrator-worker-probe", Schema("orchestrator").check)
    return create_app(settings, worker, ready)


def main() -> None:
    os.environ.setdefault("PORT", "8001")
    settings = load_or_exit(Settings)
    uvicorn.run(
        "orchestrator.worker:from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        log_config=log_config("orchestrator", settings.log_level),
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
