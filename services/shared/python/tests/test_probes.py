import urllib.request
from urllib.error import HTTPError

from longshore_service.probes import serving
from longshore_service.settings import ServiceSettings

SETTINGS = ServiceSettings(host="127.0.0.1", port=0, version="1.2.3")


def ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_worker_answers_probes_and_metrics() -> None:
    reasons: list[str] = []

    def ready() -> str | None:
        return reasons[0] if reasons else None

    with serving("demo-worker", SETTINGS, ready) as port:
        assert ask(port, "/livez") == (200, '{"status": "ok"}')
        assert ask(port, "/readyz") == (200, '{"status": "ok"}')
        assert 'service_build_info{service="demo-worker",version="1.2.3"} 1.0' in ask(port, "/metrics")[1]
        assert ask(port, "/else")[0] == 404
        reasons.append("the broker cannot be reached")
        assert ask(port, "/readyz") == (
            503,
            '{"status": "unavailable", "detail": "the broker cannot be reached"}',
        )
        assert ask(port, "/livez")[0] == 200


def test_a_probe_that_fails_counts_as_not_ready_and_shows_no_detail() -> None:
    def broken() -> str | None:
        raise RuntimeError("password hush")

    with serving("demo-worker", SETTINGS, broken) as port:
        status, body = ask(port, "/readyz")
    assert (status, "RuntimeError" in body, "hush" in body) == (503, True, False)
