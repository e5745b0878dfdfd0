from dataclasses import dataclass
from pathlib import Path

import pytest

from longshore_service.settings import (
    ServerSettings,
    SettingsError,
    http_url,
    listed,
    load,
    load_or_exit,
    number,
    one_of,
    printable,
    secret,
    setting,
    truth,
)


@dataclass(frozen=True, kw_only=True)
class Settings(ServerSettings):
    key: str | None = secret(printable)
    token: str | None = secret(printable, required=True)
    base_url: str = setting("https://api.example.com", http_url)
    mode: str = setting("fast", one_of("fast", "exact"))
    gain: float = setting(1.0, number(0, 2))
    dry: bool = setting(False, truth)
    names: tuple[str, ...] = setting((), listed)
    derived: int = 7


def test_defaults_stay_where_nothing_or_only_blanks_are_set() -> None:
    assert load(Settings, {"TOKEN": "t", "PORT": " ", "BASE_URL": ""}) == Settings(token="t")


@pytest.mark.parametrize(
    ("given", "jitter"),
    [({}, 5_000), ({"MAX_REQUESTS": "300"}, 150), ({"MAX_REQUESTS_JITTER": "0"}, 0), ({"MAX_REQUESTS": "0"}, 0)],
)
def test_processes_are_replaced_far_apart(given: dict[str, str], jitter: int) -> None:
    assert load(Settings, {"TOKEN": "t", **given}).jitter == jitter


def test_every_kind_of_value_is_read() -> None:
    settings = load(
        Settings,
        {
            "TOKEN": "t",
            "WORKERS": "3",
            "CORS_ORIGINS": " https://a.example , http://localhost:3000,",
            "LOG_LEVEL": "WARN",
            "BASE_URL": "http://stand-in:8080/v1/",
            "MODE": "exact",
            "GAIN": "0.5",
            "DRY": "True",
            "NAMES": "a, b",
            "DERIVED": "8",
        },
    )
    assert settings == Settings(
        token="t",
        workers=3,
        cors_origins=("https://a.example", "http://localhost:3000"),
        log_level="warning",
        base_url="http://stand-in:8080/v1",
        mode="exact",
        gain=0.5,
        dry=True,
        names=("a", "b"),
    )


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_secrets_come_from_files_and_win_over_plain_variables(tmp_path: Path, ending: str) -> None:
    (tmp_path / "token").write_text("right" + ending, newline="")
    assert load(Settings, {"TOKEN_FILE": str(tmp_path / "token"), "TOKEN": "wrong"}).token == "right"


def test_an_empty_secret_file_means_none(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("")
    assert load(Settings, {"TOKEN": "t", "KEY_FILE": str(tmp_path / "key")}).key is None


def test_every_problem_is_told_at_once_with_what_was_expected(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff")
    with pytest.raises(SettingsError) as caught:
        load(
            Settings,
            {
                "TOKEN_FILE": str(tmp_path / "token"),
                "KEY_FILE": "/nowhere/key",
                "WORKERS": "${WORKERS}",
                "LOG_LEVEL": "loud",
                "CORS_ORIGINS": "https://a.example, *",
                "BASE_URL": "api.example.com",
                "GAIN": "nan",
                "MODE": "slow",
                "DRY": "1",
            },
        )
    assert str(caught.value).splitlines() == [
        "settings: 9 problems",
        "  LOG_LEVEL: expected one of debug, info, warning, error, critical, got 'loud'",
        "  WORKERS: expected a whole number from 1 to 64, got '${WORKERS}'",
        "  CORS_ORIGINS: expected origins such as https://www.example.com, separated by commas, got 'https://a.example, *'",
        "  KEY_FILE: cannot read '/nowhere/key': No such file or directory",
        "  TOKEN_FILE: expected UTF-8 text",
        "  BASE_URL: expected an http:// or https:// URL, got 'api.example.com'",
        "  MODE: expected one of fast, exact, got 'slow'",
        "  GAIN: expected a number from 0 to 2, got 'nan'",
        "  DRY: expected true or false, got '1'",
    ]


def test_a_missing_secret_is_a_problem_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKEN", raising=False)
    expected = "demo: settings: 1 problem\n  TOKEN: not set; let TOKEN_FILE name the file that holds it"
    with pytest.raises(SystemExit) as caught:
        load_or_exit(Settings, "demo: ")
    assert caught.value.code == expected


def test_errors_and_representations_never_hold_a_secret() -> None:
    with pytest.raises(SettingsError) as caught:
        load(Settings, {"TOKEN": "hush\nhush"})
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(load(Settings, {"TOKEN": "hush"}))
