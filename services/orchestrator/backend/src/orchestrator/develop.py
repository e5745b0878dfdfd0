"""`python -m orchestrator.develop`: reloads on every change of the sources; a debugger may attach to port 5678 at any time."""

import os
from pathlib import Path

import uvicorn

from .logs import log_config
from .settings import load_settings

DEBUG_PORT = 5678


def debuggable() -> object:
    """The application in the reloaded process, with the debugger listening before it is loaded."""
    import debugpy  # only in the development image

    from .app import from_environment

    debugpy.listen(("0.0.0.0", int(os.environ.get("DEBUG_PORT", DEBUG_PORT))))
    return from_environment()


if __name__ == "__main__":
    settings = load_settings()
    uvicorn.run(
        "orchestrator.develop:debuggable",
        factory=True,
        host=settings.host,
        port=settings.port,
        reload=True,
        reload_dirs=[str(Path(__file__).parent)],
        log_config=log_config(settings.log_level),
        access_log=False,
        timeout_graceful_shutdown=2,
    )
