"""What each kind of step does."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx2

from .schemas import DelayStep, FailStep, HttpStep, Step, TransformStep
from .settings import address_of
from .templates import BadReference, as_text, resolve

OUTPUT_LIMIT = 64 * 1024
"""Bytes of JSON that one step may give."""


class StepFailed(Exception):
    """An attempt did not succeed; the message is for people. `final` says that trying again cannot help."""

    def __init__(self, message: str, *, final: bool = False) -> None:
        super().__init__(message)
        self.final = final


def create_client() -> httpx2.AsyncClient:
    # Redirects could lead past the list of allowed addresses, and so could a proxy from the environment.
    return httpx2.AsyncClient(follow_redirects=False, trust_env=False, headers={"User-Agent": "orchestrator"})


class Performer:
    def __init__(self, client: httpx2.AsyncClient, allowed: frozenset[str]) -> None:
        self._client = client
        self._allowed = allowed

    async def perform(self, step: Step, context: Mapping[str, Any], failures: int, elapsed: float) -> Any:
        """One attempt at a step; gives its output.

        :param failures: attempts that failed before
        :param elapsed: seconds since the step was started for the first time
        :raises StepFailed: with a message for people
        """
        try:
            if isinstance(step, DelayStep):
                await asyncio.sleep(max(0.0, step.seconds - elapsed))
                return {"seconds": step.seconds}
            async with asyncio.timeout(step.timeout):
                return fitting(await self._act(step, context, failures))
        except TimeoutError:
            raise StepFailed(f"no result within {step.timeout:g} s") from None
        except BadReference as error:
            raise StepFailed(str(error), final=True) from None

    async def _act(self, step: Step, context: Mapping[str, Any], failures: int) -> Any:
        match step:
            case HttpStep():
                return await self._http(step, context)
            case TransformStep():
                return resolve(step.value, context)
            case FailStep():
                if step.times is None or failures < step.times:
                    raise StepFailed(step.message)
                return {"failed_before": failures}

    async def _http(self, step: HttpStep, context: Mapping[str, Any]) -> Any:
        url = as_text(resolve(step.url, context))
        try:
            address = address_of(url)
        except ValueError:
            address = ""
        if not url.startswith(("http://", "https://")) or not address:
            raise StepFailed(f"expected an http:// or https:// URL, got {url[:200]!r}", final=True)
        if address not in self._allowed:
            raise StepFailed(
                f"{address} is not allowed; allowed: {', '.join(sorted(self._allowed)) or 'nothing'} (HTTP_ALLOW)",
                final=True,
            )
        headers = {name: as_text(resolve(value, context)) for name, value in step.headers.items()}
        body = (
            None
            if step.body is None
            else json.dumps(resolve(step.body, context), ensure_ascii=False).encode()
        )
        if body is not None and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/json"
        try:
            async with self._client.stream(
                step.method, url, headers=headers, content=body, timeout=step.timeout
            ) as answer:
                content = await bounded(answer)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise StepFailed(f"{address}: {error or type(error).__name__}") from None
        status = answer.status_code
        if status not in step.expect if step.expect else not 200 <= status < 300:
            wanted = ", ".join(map(str, step.expect)) or "200 to 299"
            raise StepFailed(f"{address} answered {status}, expected {wanted}")
        return {"status": status, "body": parsed(content, answer.headers.get("content-type", ""))}


async def bounded(answer: httpx2.Response) -> bytes:
    """The body, as long as it is not too large."""
    content = bytearray()
    async for part in answer.aiter_bytes():
        content += part
        if len(content) > OUTPUT_LIMIT:
            raise StepFailed(f"the answer is larger than {OUTPUT_LIMIT} bytes", final=True)
    return bytes(content)


def parsed(content: bytes, media_type: str) -> Any:
    text = content.decode(errors="replace").replace("\x00", "")
    if "json" in media_type:
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            pass
    return text


def fitting(output: Any) -> Any:
    """The output, when it can be kept: neither too large nor anything that PostgreSQL's JSON has no word for."""
    try:
        text = json.dumps(output, ensure_ascii=False, allow_nan=False)
        size = len(text.encode())
    except (ValueError, RecursionError):
        raise StepFailed("the output cannot be kept as JSON", final=True) from None
    if size > OUTPUT_LIMIT:
        raise StepFailed(f"the output is larger than {OUTPUT_LIMIT} bytes", final=True)
    if "\\u0000" in text:
        raise StepFailed("the output holds NUL, which cannot be kept", final=True)
    return output
