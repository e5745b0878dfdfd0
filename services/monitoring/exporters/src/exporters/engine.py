"""The container engine's API over its socket: three questions, no change. Standard library only."""

import json
import socket
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote

type Json = Any
"""A document of the engine's API: only what is asked for is looked at."""


class EngineError(Exception):
    """The engine does not answer, or not as expected."""


class _SocketConnection(HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("engine", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Engine:
    def __init__(self, path: str, timeout: float = 5.0) -> None:
        """
        :param path: of the engine's socket
        :param timeout: seconds that one answer may take
        """
        self._path, self._timeout = path, timeout

    def containers(self) -> list[Json]:
        """Every container of ours, running or not, as in the engine's list."""
        filters = quote(json.dumps({"label": ["longshore.system"]}))
        listed: list[Json] = self._get(f"/containers/json?all=1&filters={filters}") or []
        return listed

    def inspect(self, container: str) -> Json | None:
        """All that is said of a container, or None when it is gone."""
        return self._get(f"/containers/{quote(container)}/json")

    def usage(self, container: str) -> Json | None:
        """What a container has used so far, or None when it is gone."""
        return self._get(f"/containers/{quote(container)}/stats?stream=false&one-shot=true")

    def _get(self, path: str) -> Json | None:
        connection = _SocketConnection(self._path, self._timeout)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status in (404, 409):
                return None
            if answer.status != 200:
                raise EngineError(f"the engine answered {answer.status} to {path.partition('?')[0]}")
            return json.loads(body)
        except (OSError, HTTPException, json.JSONDecodeError) as error:
            raise EngineError(f"no answer from the engine at {self._path}: {error}") from error
        finally:
            connection.close()
