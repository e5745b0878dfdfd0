import pytest
from longshore_service.settings import SettingsError, load

from orchestrator.settings import Settings

URL = "postgresql://orchestrator_app_a:p%40ss@db:5432/orchestrator"


def test_defaults() -> None:
    settings = load(Settings, {"DATABASE_URL": URL})
    assert (settings.port, settings.workers, settings.max_requests) == (8000, 1, 10_000)
    assert settings.http_allow == frozenset(), "nothing can be reached unless it is allowed"


def test_every_problem_is_told_at_once_with_what_was_expected() -> None:
    with pytest.raises(SettingsError) as caught:
        load(Settings, {"WORKERS": "${WORKERS}", "HTTP_ALLOW": "api.example.com", "LEASE": "0"})
    text = str(caught.value)
    assert text.startswith("settings: 4 problems")
    assert "DATABASE_URL: not set; let DATABASE_URL_FILE name the file that holds it" in text
    assert "HTTP_ALLOW: expected addresses such as api.example.com:443, separated by commas" in text
    assert "LEASE: expected seconds from 1 to 3600, got '0'" in text


def test_allowed_addresses_are_hosts_and_ports_or_urls() -> None:
    allowed = load(
        Settings,
        {"DATABASE_URL": URL, "HTTP_ALLOW": "http://backend:8000, https://API.example.com,,[::1]:80"},
    ).http_allow
    assert allowed == {"backend:8000", "api.example.com:443", "::1:80"}
