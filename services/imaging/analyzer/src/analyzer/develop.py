"""`python -m analyzer.develop`: reload on every change, and a debugger that can attach to DEBUG_PORT (5678) at any time."""

import os

import debugpy  # type: ignore[import-untyped,unused-ignore]
from longshore_service.logs import setup
from longshore_service.settings import load_or_exit

from .app import create
from .settings import Settings

if __name__ == "__main__":
    settings = load_or_exit(Settings)
    setup("analyzer", settings.log_level)
    # One process watches the files; its child, which has this variable, serves.
    if os.environ.get("WERKZEUG_RUN_MAIN") == "true":
        debugpy.listen(("0.0.0.0", int(os.environ.get("DEBUG_PORT", "5678"))))  # noqa: S104
    create(settings).run(host=settings.host, port=settings.port, threaded=True, use_reloader=True)
