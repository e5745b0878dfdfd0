"""`python -m nexus`: serves the service that `SERVICE` names, until SIGTERM. Each image has one."""

import os
import sys
from importlib import import_module

SERVICES = ("api", "dataflow", "gateway", "mcp")


def main() -> None:
    name = os.environ.get("SERVICE", "")
    if name not in SERVICES:
        sys.exit(f"SERVICE: expected one of {', '.join(SERVICES)}, got {name!r}")
    import_module(f"nexus.{name}.app").main()


if __name__ == "__main__":
    main()
