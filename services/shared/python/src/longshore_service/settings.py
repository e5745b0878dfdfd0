"""Settings from the environment, read once at start. Every problem is reported, not only the first."""

import os
import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, NoReturn, cast
from urllib.parse import urlsplit

LOG_LEVELS: Final = ("debug", "info", "warning", "error", "critical")


class SettingsError(Exception):
    """What is wrong with the environment, one line per problem, never with a secret's value."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__(
            "settings: {} problem{}\n{}".format(
                len(problems),
                "" if len(problems) == 1 else "s",
                "\n".join(f"  {problem}" for problem in problems),
            )
        )


def setting[T](default: T, parse: Callable[[str], T]) -> T:
    """A field that the variable of the same name in capitals sets. An empty variable counts as none.

    :param parse: makes the value of the text; its ValueError says what was expected
    """
    made: T = field(default=default, metadata={"parse": parse})
    return made


def secret[T](parse: Callable[[str], T], *, required: bool = False) -> T | None:
    """A field that the file named by NAME_FILE sets, or else the variable NAME. No message and no representation shows it.

    :param parse: its ValueError says what was expected, without the value
    :param required: whether `load` takes its absence for a problem. Without it the field is None then.
    """
    return cast(
        T | None,
        field(default=None, repr=False, metadata={"parse": parse, "secret": True, "required": required}),
    )


def log_level(text: str) -> str:
    name = {"warn": "warning"}.get(text.lower(), text.lower())
    if name not in LOG_LEVELS:
        raise ValueError(f"one of {', '.join(LOG_LEVELS)}")
    return name


def whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def number(low: float, high: float, unit: str = "a number") -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise ValueError(f"{unit} from {low:g} to {high:g}")
        return value

    return parse


def seconds(low: float, high: float) -> Callable[[str], float]:
    return number(low, high, "seconds")


def one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text

    return parse


def truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("true or false")
    return text.lower() == "true"


def listed(text: str) -> tuple[str, ...]:
    """Texts separated by commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an http:// or https:// URL")
    return text.rstrip("/")


def origins(text: str) -> tuple[str, ...]:
    for origin in listed(text):
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
            raise ValueError("origins such as https://www.example.com, separated by commas")
    return listed(text)


def printable(text: str) -> str:
    """A key that can be a header: what a stray line break or a byte order mark would spoil is refused early."""
    if text.strip() != text or not text.isascii() or not text.isprintable():
        raise ValueError("printable ASCII without spaces around it")
    return text


def certificates(text: str) -> str:
    """One certificate or several, as PEM."""
    try:
        ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        raise ValueError("certificates in the form of PEM") from None
    return text


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """What every process has. A service derives from this and adds fields of its own."""

    log_level: str = setting("info", log_level)
    host: str = setting("0.0.0.0", str)
    port: int = setting(8000, whole(1, 65535))
    """Where probes and metrics are answered, and requests if the service has any."""
    shutdown_timeout: int = setting(20, whole(1, 3600))
    """Seconds that work in hand gets after SIGTERM; keep it below the container's grace period."""
    version: str = setting("dev", str)


@dataclass(frozen=True, kw_only=True)
class ServerSettings(ServiceSettings):
    """What every server of an API has."""

    workers: int = setting(1, whole(1, 64))
    """Processes that serve requests."""
    max_requests: int = setting(10_000, whole(0, 100_000_000))
    """After about so many requests a process is replaced by a fresh one, where there are several; 0 is never."""
    max_requests_jitter: int | None = setting(None, whole(0, 100_000_000))
    """Requests by which that differs from process to process, so that they are not replaced all at once. Default: half
    as many: processes that share the load evenly are then far apart, where one start takes seconds."""
    cors_origins: tuple[str, ...] = setting((), origins)
    """Origins, beside our own, whose pages may call the API."""

    @property
    def jitter(self) -> int:
        return self.max_requests // 2 if self.max_requests_jitter is None else self.max_requests_jitter


def read_secret(environment: Mapping[str, str], name: str) -> str | None:
    """The secret NAME: the content of the file that NAME_FILE names, or else the variable NAME itself."""
    path = environment.get(f"{name}_FILE", "")
    if path:
        value = Path(path).read_text(encoding="utf-8")
        value = value.removesuffix("\n").removesuffix("\r")
    else:
        value = environment.get(name, "")
    return value or None


def load[S: ServiceSettings](kind: type[S], environment: Mapping[str, str] | None = None) -> S:
    """Reads and checks the environment. Fields without `setting` or `secret` keep their defaults.

    :param environment: default: that of this process
    :raises SettingsError: with all problems at once
    """
    env = os.environ if environment is None else environment
    problems: list[str] = []
    values: dict[str, Any] = {}
    for one in fields(kind):
        if "parse" not in one.metadata:
            continue
        try:
            text = _text(one, env)
            if text is not None:
                values[one.name] = one.metadata["parse"](text)
        except _Wrong as error:
            problems.append(str(error))
        except ValueError as error:
            shown = "" if one.metadata.get("secret") else f", got {text!r}"
            problems.append(f"{one.name.upper()}: expected {error}{shown}")
    if problems:
        raise SettingsError(problems)
    return kind(**values)


class _Wrong(Exception):
    """There is no text to parse."""


def _text(one: Field[Any], env: Mapping[str, str]) -> str | None:
    name = one.name.upper()
    if not one.metadata.get("secret"):
        return env.get(name, "").strip() or None
    try:
        text = read_secret(env, name)
    except OSError as error:
        raise _Wrong(f"{name}_FILE: cannot read {env[f'{name}_FILE']!r}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise _Wrong(f"{name}_FILE: expected UTF-8 text") from None
    if text is None and one.metadata["required"]:
        raise _Wrong(f"{name}: not set; let {name}_FILE name the file that holds it")
    return text


def load_or_exit[S: ServiceSettings](kind: type[S], prefix: str = "") -> S:
    """`load` for a program: what is wrong is its last words."""
    try:
        return load(kind)
    except SettingsError as error:
        _exit(f"{prefix}{error}")


def _exit(message: str) -> NoReturn:
    sys.exit(message)
