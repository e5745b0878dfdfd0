from pathlib import Path

import pytest

from todo.settings import SettingsError, load_settings

URL = "postgresql://todo_app_a:p%40ss%2Fw%25rd@db:5432/todo?sslmode=require"


def test_defaults() -> None:
    settings = load_settings({"DATABASE_URL": URL})
    assert settings.port == 8000
    assert settings.workers == 1
    assert settings.openai_api_key is None
    assert settings.cors_origins == ()


def test_database_url_is_decoded_and_gets_the_driver() -> None:
    url = load_settings({"DATABASE_URL": URL}).database_url
    assert url is not None
    assert url.drivername == "postgresql+psycopg"
    assert (url.username, url.password, url.host, url.port, url.database) == (
        "todo_app_a", "p@ss/w%rd", "db", 5432, "todo",
    )  # fmt: skip
    assert url.query == {"sslmode": "require"}


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_secrets_come_from_files_and_win_over_plain_variables(tmp_path: Path, ending: str) -> None:
    (tmp_path / "url").write_text(URL + ending, newline="")
    (tmp_path / "key").write_text("sk-test" + ending, newline="")
    settings = load_settings(
        {
            "DATABASE_URL_FILE": str(tmp_path / "url"),
            "DATABASE_URL": "postgresql://wrong/wrong",
            "OPENAI_API_KEY_FILE": str(tmp_path / "key"),
        }
    )
    assert settings.database_url is not None and settings.database_url.host == "db"
    assert settings.openai_api_key == "sk-test"


def test_an_empty_key_file_means_no_assistant(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("")
    assert (
        load_settings({"DATABASE_URL": URL, "OPENAI_API_KEY_FILE": str(tmp_path / "key")}).openai_api_key
        is None
    )


def test_every_problem_is_told_at_once_with_what_was_expected() -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(
            {
                "DATABASE_URL_FILE": "/nowhere/url",
                "WORKERS": "${WORKERS}",
                "LOG_LEVEL": "loud",
                "CORS_ORIGINS": "https://todo.example.com, *",
                "OPENAI_BASE_URL": "api.example.com",
                "DB_POOL_SIZE": "0",
            }
        )
    text = str(caught.value)
    assert text.startswith("settings: 6 problems")
    assert "DATABASE_URL_FILE: cannot read '/nowhere/url': No such file or directory" in text
    assert "WORKERS: expected a whole number from 1 to 64, got '${WORKERS}'" in text
    assert "LOG_LEVEL: expected one of debug, info, warning, error, critical, got 'loud'" in text


def test_a_missing_database_url_is_a_problem() -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL: not set"):
        load_settings({})


@pytest.mark.parametrize(
    "url", ["mysql://u:hush@h/d", "not a url hush", "postgresql://u:hush@h", "postgresql://u:hush@h:port/d"]
)
def test_errors_and_representations_never_hold_a_secret(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"DATABASE_URL": url, "OPENAI_API_KEY": "hush\nhush"})
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(
        load_settings({"DATABASE_URL": "postgresql://u:hush@h/d", "OPENAI_API_KEY": "hush"})
    )


def test_lists_and_levels() -> None:
    settings = load_settings(
        {
            "DATABASE_URL": URL,
            "CORS_ORIGINS": " https://a.example , http://localhost:3000,",
            "LOG_LEVEL": "WARN",
            "OPENAI_BASE_URL": "http://stand-in:8080/v1/",
        }
    )
    assert settings.cors_origins == ("https://a.example", "http://localhost:3000")
    assert settings.log_level == "warning"
    assert settings.openai_base_url == "http://stand-in:8080/v1"
