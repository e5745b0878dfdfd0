from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from wsgiref.util import setup_testing_defaults

import pytest
from prometheus_client import REGISTRY

from longshore_service.metrics import in_flight
from longshore_service.settings import ServiceSettings
from longshore_service.wsgi import Observe

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Rule:
    rule = "/images/<id>"


class Request:
    url_rule = Rule


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/broken":
        raise RuntimeError("secret detail")
    environ["werkzeug.request"] = Request
    start_response("201 Created", [("Content-Type", "text/plain")])
    environ["werkzeug.request"] = None
    return [b"made"]


def ask(path: str, ready: str | None = None, **headers: str) -> tuple[str, dict[str, str], bytes]:
    environ: dict[str, Any] = {"PATH_INFO": path, **headers}
    setup_testing_defaults(environ)
    got: list[Any] = []

    def start(status: str, head: list[tuple[str, str]], _exc_info: Any = None) -> Any:
        got.extend((status, dict(head)))

    answer = Observe(application, "demo", ServiceSettings(version="1.2.3"), lambda: ready)(environ, start)
    body = b"".join(answer)
    answer.close()  # type: ignore[attr-defined]
    return got[0], got[1], body


def test_probes_and_metrics_are_answered_before_the_application() -> None:
    assert ask("/livez", ready="warming up")[0] == "200 OK"
    status, headers, body = ask("/readyz", ready="warming up")
    assert status == "503 Service Unavailable" and b"warming up" in body
    assert headers["Content-Type"] == "application/json"
    assert b'service_build_info{service="demo",version="1.2.3"} 1.0' in ask("/metrics")[2]


def test_a_request_gets_its_id_and_is_counted_by_route_template() -> None:
    labels = {"method": "GET", "route": "/images/<id>", "status": "201"}
    before = REGISTRY.get_sample_value("http_requests_total", labels) or 0
    status, headers, body = ask("/images/4711", HTTP_X_REQUEST_ID="r-1")
    assert (status, body) == ("201 Created", b"made")
    assert (headers["X-Request-ID"], headers["Cache-Control"]) == ("r-1", "no-store")
    assert REGISTRY.get_sample_value("http_requests_total", labels) == before + 1
    assert in_flight._value.get() == 0


def test_a_failure_is_answered_without_inner_detail_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    status, headers, body = ask("/broken", HTTP_X_REQUEST_ID="r-2")
    assert status == "500 Internal Server Error"
    assert (headers["X-Request-ID"], headers["Content-Type"]) == ("r-2", "application/problem+json")
    assert b"secret" not in body
    assert [record.getMessage() for record in caplog.records] == ["a request failed", "GET /broken 500"]
    assert in_flight._value.get() == 0
