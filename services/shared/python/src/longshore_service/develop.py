"""`python -m longshore_service.develop module:function`: serves what the function makes, and reloads on every change of the
sources. A debugger may attach to DEBUG_PORT (5678) at any time.
"""

import os
import sys
from importlib import import_module
from importlib.resources import files

import uvicorn

from .logs import log_config
from .settings import ServerSettings, load_or_exit

APP = "LONGSHORE_DEVELOP_APP"
"""The variable that tells the reloaded process which application it is."""


def debuggable() -> object:
    """The application in the reloaded process, with the debugger listening before it is loaded."""
    import debugpy  # only in the development image

    debugpy.listen(("0.0.0.0", int(os.environ.get("DEBUG_PORT", "5678"))))
    module, _, function = os.environ[APP].partition(":")
    return getattr(import_module(module), function)()


def main() -> None:
    if len(sys.argv) != 2 or ":" not in sys.argv[1]:
        sys.exit("usage: python -m longshore_service.develop module:function")
    os.environ[APP] = sys.argv[1]
    package = sys.argv[1].partition(":")[0].partition(".")[0]
    settings = load_or_exit(ServerSettings)
    uvicorn.run(
        "longshore_service.develop:debuggable",
        factory=True,
        host=settings.host,
        port=settings.port,
        reload=True,
        reload_dirs=[str(files(package)), str(files("longshore_service"))],
        log_config=log_config(package, settings.log_level),
        access_log=False,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
