"""`nexus-cli`, or `python -m nexus.cli`: the command line as a channel, inside the container of the service `nexus`.

Its commands are the handlers, and their options the handlers' parameters: what is required is written in its place, the rest as
`--name value`. The work is done by the server in this container, in the sessions that all channels share.
"""

import argparse
import json
import os
import sys
from http.client import HTTPConnection
from typing import Any

TIMEOUT = 30


def main() -> None:
    handlers = ask("GET", "/nexus/handlers")["items"]
    given = vars(parser(handlers).parse_args())
    name, session = given.pop("handler"), given.pop("session")
    schema = next(one["parameters"] for one in handlers if one["name"] == name)
    arguments = {
        key: value for key, value in given.items() if value is not None and key in schema["properties"]
    }
    answer = ask("POST", f"/cli/{name}", {"session": session, "arguments": arguments})
    print(f"session: {answer['session']}", file=sys.stderr)
    print(json.dumps(answer["result"], indent=2, ensure_ascii=False))


def parser(handlers: list[dict[str, Any]]) -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="nexus-cli", description="Works in the sessions of Nexus.")
    top.add_argument(
        "--session",
        default=os.environ.get("NEXUS_SESSION") or None,
        help="the session to go on with (default: NEXUS_SESSION, or a new one)",
    )
    commands = top.add_subparsers(dest="handler", required=True, metavar="COMMAND")
    for handler in handlers:
        command = commands.add_parser(handler["name"], help=handler["description"])
        schema = handler["parameters"]
        for name, about in schema.get("properties", {}).items():
            kind = about.get("type")
            if name in schema.get("required", []):
                command.add_argument(name, type=reader(kind), help=about.get("description"))
            elif kind == "object":
                command.add_argument(name, type=reader(kind), nargs="?", help=about.get("description"))
            else:
                command.add_argument(f"--{name}", type=reader(kind), help=about.get("description"))
    return top


def reader(kind: str | None) -> Any:
    """How text becomes a value. Lists and objects are written as JSON."""
    match kind:
        case "integer":
            return int
        case "array" | "object":
            return document
    return str


def document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected JSON: {error}") from None


def ask(method: str, path: str, body: Any = None) -> Any:
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=TIMEOUT)
    sent = None if body is None else json.dumps(body)
    try:
        connection.request(method, path, sent, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
    except OSError as error:
        sys.exit(f"nexus-cli: the server in this container does not answer: {error}")
    told = json.loads(text)
    if answer.status != 200:
        for mistake in told.get("errors", []):
            print(f"  {mistake['path']}: {mistake['message']}", file=sys.stderr)
        sys.exit(f"nexus-cli: {told.get('detail', text)}")
    return told


if __name__ == "__main__":
    main()
