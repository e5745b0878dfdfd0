import json
import logging
import logging.config

import pytest

from longshore_service.logs import JsonFormatter, log_config, request_id


class StatementError(Exception):
    """As SQLAlchemy's: its text holds the parameters, `orig` does not."""

    orig = Exception("server closed")


def test_lines_are_json_without_statement_parameters() -> None:
    title = "pri" + "vate"
    token = request_id.set("r-1")
    try:
        raise StatementError(f"insert into todo values ({title})")
    except StatementError as error:
        record = logging.LogRecord("demo", logging.ERROR, __file__, 1, "it %s", ("broke",), None)
        record.exc_info = (type(error), error, error.__traceback__)
        record.route = "/x"
        line = JsonFormatter().format(record)
    finally:
        request_id.reset(token)
    assert "\n" not in line
    fields = json.loads(line)
    assert (fields["message"], fields["level"], fields["logger"]) == ("it broke", "error", "demo")
    assert (fields["route"], fields["request_id"]) == ("/x", "r-1")
    assert fields["error"] == "StatementError: server closed"
    assert "private" not in line


@pytest.mark.parametrize(
    ("level", "ours", "theirs"), [("debug", 10, 30), ("info", 20, 30), ("error", 40, 40)]
)
def test_the_level_is_the_services_and_others_are_kept_to_warnings(
    level: str, ours: int, theirs: int
) -> None:
    config = log_config("demo", level)
    config["root"]["handlers"] = []
    previous = logging.getLogger().handlers[:]
    try:
        logging.config.dictConfig(config)
        assert logging.getLogger("demo.api").getEffectiveLevel() == ours
        assert logging.getLogger("longshore_service.requests").getEffectiveLevel() == ours
        assert logging.getLogger("some.library").getEffectiveLevel() == theirs
    finally:
        logging.getLogger().handlers[:] = previous
        logging.getLogger().setLevel(logging.WARNING)
        for name in ("demo", "longshore_service", "uvicorn", "gunicorn.error"):
            logging.getLogger(name).setLevel(logging.NOTSET)
