"""Logs as JSON, one object per line on standard output."""

import json
import logging
import logging.config
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message, the request's id, and what was passed as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if identifier := request_id.get():
            line["request_id"] = identifier
        line |= {key: value for key, value in vars(record).items() if key not in _PLAIN}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = describe(record.exc_info[1])
            line["stack"] = "".join(traceback.format_tb(record.exc_info[2])).rstrip()
        return json.dumps(line, ensure_ascii=False, default=str)


def describe(error: BaseException | None) -> str:
    """An error's type and message. A failed statement's parameters are left out: they are people's text."""
    original = getattr(error, "orig", None)
    return f"{type(error).__name__}: {original if original is not None else error}".strip()


def log_config(service: str, level: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`, and for servers that set it up again in every worker.

    :param service: the service's package, whose loggers get the level; all others are kept to warnings
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "longshore_service.logs.JsonFormatter"}},
        "handlers": {
            "stdout": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}
        },
        "root": {"handlers": ["stdout"], "level": "WARNING" if level in ("debug", "info") else level.upper()},
        "loggers": {
            **{name: {"level": level.upper()} for name in (service, "longshore_service")},
            **{
                # gunicorn keeps its lines to itself unless told otherwise.
                name: {"level": "INFO" if level == "debug" else level.upper(), "propagate": True}
                for name in ("uvicorn", "gunicorn.error")
            },
        },
    }


def setup(service: str, level: str) -> None:
    """Starts to log. For programs of their own; `server.serve` and `wsgi.serve` do it themselves."""
    logging.config.dictConfig(log_config(service, level))
