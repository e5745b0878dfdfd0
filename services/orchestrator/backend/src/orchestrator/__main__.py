"""`python -m orchestrator`: serves the API until SIGTERM."""

import atexit
import os
import shutil
import sys
import tempfile

import uvicorn

from .logs import log_config
from .settings import SettingsError, load_settings


def main() -> None:
    try:
        settings = load_settings()
    except SettingsError as error:
        sys.exit(str(error))
    if settings.workers > 1:
        # The workers add up their metrics in shared files; it has to be set before any of them imports the client.
        folder = tempfile.mkdtemp(prefix="orchestrator-metrics-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    uvicorn.run(
        "orchestrator.app:from_environment",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=log_config(settings.log_level),
        access_log=False,
        server_header=False,
        proxy_headers=False,
        # Longer than a proxy keeps its idle connections, so that we are never the one who closes under a request.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=settings.shutdown_timeout,
        timeout_worker_healthcheck=15,
        # A process that served for long makes way for a fresh one; alone it would leave a gap.
        limit_max_requests=(settings.max_requests or None) if settings.workers > 1 else None,
        limit_max_requests_jitter=settings.max_requests_jitter,
    )


if __name__ == "__main__":
    main()
