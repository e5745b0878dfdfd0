from pathlib import Path

import pytest

from orchestrator.settings import SettingsError, load_settings

URL = "postgresql://orchestrator_app_a:p%40ss%2Fw%25rd@db:5432/orchestrator?sslmode=require"


def test_defaults() -> None:
    settings = load_settings({"DATABASE_URL": URL})
    assert (settings.port, settings.workers, settings.max_requests) == (8000, 1, 10_000)
    assert settings.http_allow == frozenset(), "nothing can be reached unless it is allowed"


def test_database_url_is_decoded_and_gets_the_driver() -> None:
    url = load_settings({"DATABASE_URL": URL}).database_url
    assert url is not None
    assert url.drivername == "postgresql+psycopg"
    assert (url.username, url.password, url.host, url.port, url.database) == (
        "orchestrator_app_a", "p@ss/w%rd", "db", 5432, "orchestrator",
    )  # fmt: skip
    assert url.query == {"sslmode": "require"}


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_secrets_come_from_files_and_win_over_plain_variables(tmp_path: Path, ending: str) -> None:
    (tmp_path / "url").write_text(URL + ending, newline="")
    settings = load_settings(
        {"DATABASE_URL_FILE": str(tmp_path / "url"), "DATABASE_URL": "postgresql://wrong/wrong"}
    )
    assert settings.database_url is not None and settings.database_url.host == "db"


def test_every_problem_is_told_at_once_with_what_was_expected() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(
            {
                "DATABASE_URL_FILE": "/nowhere/url",
                "WORKERS": "${WORKERS}",
                "LOG_LEVEL": "loud",
                "HTTP_ALLOW": "api.example.com",
                "LEASE": "0",
            }
        )
    text = str(caught.value)
    assert text.startswith("settings: 5 problems")
    assert "DATABASE_URL_FILE: cannot read '/nowhere/url': No such file or directory" in text
    assert "WORKERS: expected a whole number from 1 to 64, got '${WORKERS}'" in text
    assert "HTTP_ALLOW: expected addresses such as api.example.com:443, separated by commas" in text


def test_a_missing_database_url_is_a_problem() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL: not set"):
        load_settings({})


@pytest.mark.parametrize(
    "url", ["mysql://u:hush@h/d", "not a url hush", "postgresql://u:hush@h", "postgresql://u:hush@h:port/d"]
)
def test_errors_and_representations_never_hold_a_secret(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"DATABASE_URL": url})
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(load_settings({"DATABASE_URL": "postgresql://u:hush@h/d"}))


def test_allowed_addresses_are_hosts_and_ports_or_urls() -> None:
    allowed = load_settings(
        {"DATABASE_URL": URL, "HTTP_ALLOW": "http://backend:8000, https://API.example.com,,[::1]:80"}
    ).http_allow
    assert allowed == {"backend:8000", "api.example.com:443", "::1:80"}
