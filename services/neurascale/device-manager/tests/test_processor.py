"""What neural-processor answers, and what others answer in its place."""

from uuid import UUID

import httpx2
import pytest

from device_manager.processor import Gone, Processor, Refused, Unreachable

RECORDING = str(UUID(int=1))


def processor(answer: httpx2.Response | httpx2.TransportError) -> Processor:
    def respond(_: httpx2.Request) -> httpx2.Response:
        if isinstance(answer, httpx2.TransportError):
            raise answer
        return answer

    return Processor("http://neural-processor:8080", httpx2.MockTransport(respond))


def problem(status: int) -> httpx2.Response:
    headers = {"Content-Type": "application/problem+json"}
    return httpx2.Response(status, headers=headers, json={"status": status, "detail": "so it is"})


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (problem(404), Gone),
        (problem(409), Gone),
        (problem(422), Refused),
        (problem(503), Unreachable),
        (httpx2.Response(404), Unreachable),
        (httpx2.Response(404, json={"detail": "Not Found"}), Unreachable),
        (httpx2.Response(400, text="plain HTTP was sent to an HTTPS port"), Unreachable),
        (httpx2.ConnectError("refused"), Unreachable),
    ],
)
async def test_only_its_own_words_end_a_recording(
    answer: httpx2.Response | httpx2.TransportError, expected: type[Exception]
) -> None:
    with pytest.raises(expected) as raised:
        await processor(answer).stop(RECORDING)
    assert type(raised.value) is expected
    assert "neural-processor" in str(raised.value)


async def test_takes_what_is_taken() -> None:
    await processor(httpx2.Response(200, json={})).stop(RECORDING)
