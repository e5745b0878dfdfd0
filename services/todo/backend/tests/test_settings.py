from pathlib import Path

import pytest
from longshore_service.settings import SettingsError, load

from todo.settings import Settings

URL = "postgresql://todo_app_a:p%40ss@db:5432/todo"


def test_defaults() -> None:
    settings = load(Settings, {"DATABASE_URL": URL})
    assert (settings.port, settings.workers, settings.log_level) == (8000, 1, "info")
    assert settings.openai_api_key is None
    assert settings.database_url is not None and settings.database_url.host == "db"


def test_an_empty_key_file_means_no_assistant(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("")
    settings = load(Settings, {"DATABASE_URL": URL, "OPENAI_API_KEY_FILE": str(tmp_path / "key")})
    assert settings.openai_api_key is None


def test_every_problem_is_told_at_once_and_no_secret_with_it() -> None:
    with pytest.raises(SettingsError) as caught:
        load(
            Settings,
            {
                "DATABASE_URL": "mysql://u:hush@h/d",
                "OPENAI_API_KEY": "hush\nhush",
                "OPENAI_BASE_URL": "api.example.com",
                "CHAT_TIMEOUT": "0",
                "CHAT_ROUNDS": "${ROUNDS}",
            },
        )
    text = str(caught.value)
    assert text.startswith("settings: 5 problems")
    assert "OPENAI_API_KEY: expected printable ASCII without spaces around it\n" in text
    assert "CHAT_TIMEOUT: expected seconds from 1 to 600, got '0'" in text
    assert "hush" not in text
