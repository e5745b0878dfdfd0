"""Executes one run: starts what can start, repeats what failed, until nothing is left or the lease is."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from longshore_service.database import UNAVAILABLE
from longshore_service.logs import describe

from . import metrics
from .graph import startable, unreachable
from .perform import Performer, StepFailed
from .queue import Claim, Finished, LeaseLost, Queue, StepProgress
from .schemas import Step

log = logging.getLogger("orchestrator.runner")

MAX_PAUSE = 300.0
"""Seconds that a repetition waits at most."""
DATABASE_PAUSE = 0.5

End = Literal["succeeded", "failed", "lost", "handed-back"]


class Runner:
    """One run in the hand of one worker."""

    def __init__(
        self,
        queue: Queue,
        performer: Performer,
        claim: Claim,
        *,
        worker: str,
        lease: float,
        patience: float,
        stopping: asyncio.Event,
    ) -> None:
        """
        :param lease: seconds that a sign of life lasts
        :param patience: seconds that steps in hand get to finish once `stopping` is set
        """
        self._queue = queue
        self._performer = performer
        self._claim = claim
        self._worker = worker
        self._lease = lease
        self._patience = patience
        self._stopping = stopping
        self._held_until = time.monotonic() + lease

    async def run(self) -> End:
        """Executes the run; whatever happens, nothing of it goes on afterwards."""
        work = asyncio.create_task(self._work())
        alive = asyncio.create_task(self._stay_alive())
        try:
            await asyncio.wait({work, alive}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return await work
            await alive
            return "lost"
        except LeaseLost:
            return "lost"
        finally:
            for task in (work, alive):
                task.cancel()
            await asyncio.gather(work, alive, return_exceptions=True)

    async def _stay_alive(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            await self._surely(lambda: self._queue.extend(self._claim, self._lease))
            self._held_until = time.monotonic() + self._lease

    async def _surely[T](self, call: Callable[[], Awaitable[T]]) -> T:
        """Retries while the database restarts, until the lease may have passed to another worker."""
        while True:
            try:
                return await call()
            except UNAVAILABLE as error:
                if time.monotonic() + DATABASE_PAUSE > self._held_until:
                    raise LeaseLost(describe(error)) from error
                log.warning("the database cannot be reached", extra={"error": describe(error)})
                await asyncio.sleep(DATABASE_PAUSE)

    async def _work(self) -> End:
        claim = self._claim
        if claim.spent:
            await self._surely(
                lambda: self._queue.complete(
                    claim, "failed", "too many workers died while they had this run in hand"
                )
            )
            return "failed"
        tasks: set[asyncio.Task[None]] = set()
        stopping = asyncio.create_task(self._stopping.wait())
        begun: set[str] = set()
        deadline: float | None = None
        try:
            while True:
                states = {step: progress.status for step, progress in claim.progress.items()}
                if not self._stopping.is_set():
                    if blocked := unreachable(claim.steps, states):
                        await self._surely(lambda: self._queue.skip(claim, blocked))
                        for step in blocked:
                            claim.progress[step].status = "skipped"
                    for ready in startable(claim.steps, states):
                        if ready.id not in begun:
                            begun.add(ready.id)
                            tasks.add(asyncio.create_task(self._step(ready)))
                if not tasks:
                    break
                wait_for = tasks if stopping.done() else tasks | {stopping}
                if stopping.done():
                    deadline = deadline or time.monotonic() + self._patience
                limit = max(0.0, deadline - time.monotonic()) if deadline else None
                done, _ = await asyncio.wait(wait_for, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    break
                for task in done & tasks:
                    await task
                tasks -= done
            return await self._end()
        finally:
            stopping.cancel()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, stopping, return_exceptions=True)

    async def _end(self) -> End:
        claim = self._claim
        left = [
            step for step, progress in claim.progress.items() if progress.status in ("pending", "running")
        ]
        if left:
            await self._surely(lambda: self._queue.release(claim))
            return "handed-back"
        failed = [step for step, progress in claim.progress.items() if progress.status == "failed"]
        if failed:
            message = f"{'step' if len(failed) == 1 else 'steps'} {', '.join(failed)} failed"
            await self._surely(lambda: self._queue.complete(claim, "failed", message))
            return "failed"
        await self._surely(lambda: self._queue.complete(claim, "succeeded", None))
        return "succeeded"

    async def _step(self, step: Step) -> None:
        """Tries a step until it succeeds, its repetitions are used up, or the worker is to stop."""
        progress = self._claim.progress[step.id]
        while True:
            end = await self._attempt(step, progress)
            progress.status, progress.failures, progress.output = end.status, end.failures, end.output
            if end.status != "pending":
                return
            pause = min(MAX_PAUSE, step.retry_delay * 2 ** (end.failures - 1))
            try:
                await asyncio.wait_for(self._stopping.wait(), pause)
            except TimeoutError:
                continue
            return

    async def _attempt(self, step: Step, progress: StepProgress) -> Finished:
        claim = self._claim
        begun = await self._surely(lambda: self._queue.begin(claim, step.id, self._worker))
        started = time.perf_counter()
        context = {
            "input": claim.input,
            "steps": {
                name: done.output for name, done in claim.progress.items() if done.status == "succeeded"
            },
        }
        try:
            output = await self._performer.perform(step, context, progress.failures, begun.elapsed)
            end = Finished("succeeded", "succeeded", output=output, failures=progress.failures)
        except StepFailed as error:
            end = self._failed(step, progress.failures + 1, str(error), error.final)
        except Exception:
            log.exception("a step broke", extra={"run": str(claim.run), "step": step.id})
            end = self._failed(
                step, progress.failures + 1, "an unexpected error occurred in the worker", False
            )
        metrics.step_time.labels(step.kind).observe(time.perf_counter() - started)
        await self._surely(lambda: self._queue.finish(claim, step.id, begun.attempt, end))
        metrics.attempts.labels(step.kind, end.outcome).inc()
        log.info(
            "step %s %s",
            step.id,
            end.outcome,
            extra={
                "run": str(claim.run),
                "step": step.id,
                "attempt": begun.attempt,
                "outcome": end.outcome,
                "ms": round((time.perf_counter() - started) * 1000, 1),
            },
        )
        return end

    @staticmethod
    def _failed(step: Step, failures: int, message: str, final: bool) -> Finished:
        again = failures <= step.retries and not final
        return Finished("failed", "pending" if again else "failed", error=message, failures=failures)
