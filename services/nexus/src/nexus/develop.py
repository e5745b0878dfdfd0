"""`python -m nexus.develop`: like `python -m nexus`, but reloads on every change of the sources, with a debugger to attach to."""

import os
import sys

from longshore_service import develop

DEBUG_PORTS = {"api": 5678, "dataflow": 5679, "mcp": 5680, "gateway": 5681}
"""One each: all of them are developed at once, on one machine."""

if __name__ == "__main__":
    name = os.environ["SERVICE"]
    os.environ.setdefault("DEBUG_PORT", str(DEBUG_PORTS[name]))
    sys.argv = [sys.argv[0], f"nexus.{name}.app:from_environment"]
    develop.main()
