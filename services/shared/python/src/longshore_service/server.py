"""Serves an ASGI application until SIGTERM."""

import uvicorn

from .logs import log_config
from .settings import ServerSettings
from .shared_metrics import share_metrics


def serve(service: str, app: str, settings: ServerSettings) -> None:
    """
    :param service: the service's package, as in `log_config`
    :param app: `module:function` that makes the application; called in every worker
    """
    if settings.workers > 1:
        share_metrics(service)
    uvicorn.run(
        app,
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=log_config(service, settings.log_level),
        access_log=False,
        server_header=False,
        proxy_headers=False,
        # Longer than a proxy keeps its idle connections, so that we are never the one who closes under a request.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=settings.shutdown_timeout,
        timeout_worker_healthcheck=15,
        # A process that served for long makes way for a fresh one; alone it would leave a gap.
        limit_max_requests=(settings.max_requests or None) if settings.workers > 1 else None,
        limit_max_requests_jitter=settings.jitter,
    )
