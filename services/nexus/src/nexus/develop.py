"""`python -m nexus.develop`: like `python -m nexus`, but reloads on every change of the sources, with a debugger to attach to."""

import os
import sys

from longshore_service import develop

if __name__ == "__main__":
    sys.argv = [sys.argv[0], f"nexus.{os.environ['SERVICE']}.app:from_environment"]
    develop.main()
