"""`python -m longshore_service.health [PATH]`: asks the server in this container, for a health check. PATH defaults to /readyz."""

import os
import sys
from http.client import HTTPConnection


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else "/readyz"
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=4)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read(2000).decode(errors="replace")
    except OSError as error:
        sys.exit(f"{path}: {error}")
    if answer.status != 200:
        sys.exit(f"{path}: {answer.status} {text}")


if __name__ == "__main__":
    main()
