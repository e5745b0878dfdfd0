"""Serves a WSGI application with gunicorn until SIGTERM."""

from importlib import import_module
from typing import TYPE_CHECKING

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from .logs import log_config
from .settings import ServerSettings
from .shared_metrics import mark_dead, share_metrics

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def serve(service: str, app: str, settings: ServerSettings, *, threads: int = 4, timeout: int = 60) -> None:
    """
    :param service: the service's package, as in `log_config`
    :param app: `module:function` that makes the application; called in every worker
    :param threads: requests that one worker answers at the same time
    :param timeout: seconds after which a worker that gives no sign of life is replaced
    """
    if settings.workers > 1:
        share_metrics(service)

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            options = {
                "bind": f"{settings.host}:{settings.port}",
                "workers": settings.workers,
                "worker_class": "gthread",
                "threads": threads,
                "timeout": timeout,
                "graceful_timeout": settings.shutdown_timeout,
                "keepalive": 75,
                "max_requests": settings.max_requests if settings.workers > 1 else 0,
                "max_requests_jitter": settings.jitter if settings.workers > 1 else 0,
                "logconfig_dict": log_config(service, settings.log_level),
                # A worker's sign of life is a file; the container's own file system is read-only.
                "worker_tmp_dir": "/dev/shm",  # noqa: S108
                "control_socket_disable": True,
                "child_exit": lambda _server, worker: mark_dead(worker.pid),
            }
            for name, value in options.items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self) -> "WSGIApplication":
            module, _, function = app.partition(":")
            made: WSGIApplication = getattr(import_module(module), function)()
            return made

    Server().run()
