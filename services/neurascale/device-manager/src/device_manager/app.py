"""Puts the application together: the API, and beside it the manager of the streams."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Final

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from longshore_service.api import Readiness, equip, running
from longshore_service.problems import Problem
from longshore_service.redis_connection import connect
from longshore_service.settings import load
from redis.exceptions import RedisError

from .api import Desk, router
from .discovery import Bluetooth, Discovery, Finder, SerialPorts, Simulators, UsbBus
from .manager import UNREACHABLE, Manager
from .processor import Processor
from .registry import RedisRegistry
from .settings import Settings

SERVICE: Final = "device-manager"
PROBE: Final = 2.0
"""Seconds that a readiness probe waits for Redis."""

log = logging.getLogger("device_manager.app")


def create_app(settings: Settings, desk: Desk, ready: Readiness) -> FastAPI:
    """The application over whatever keeps what the managers know; its life is the manager's."""
    manager = desk.manager

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with running(SERVICE, settings, interval=settings.discovery_interval):
            managing = asyncio.create_task(manager.run())
            yield
            manager.stop()
            await managing

    app = FastAPI(
        title="NeuraScale, device-manager",
        description="Devices, and which of them stream. Reached through the gateway.",
        version=settings.version,
        lifespan=lifespan,
        openapi_url="/api/devices/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.desk = desk
    app.include_router(router)
    equip(app, SERVICE, settings, ready, live=lambda: None if manager.lives else "the manager has stopped")

    @app.exception_handler(RedisError)
    async def _redis(_request: Request, error: RedisError) -> JSONResponse:
        log.error("Redis cannot be reached", extra={"error": repr(error)})
        away = Problem(
            503, "redis-unavailable", "Redis cannot be reached at the moment.", headers={"Retry-After": "2"}
        )
        return away.response(SERVICE)

    return app


def finders(settings: Settings) -> list[Finder]:
    listed: list[Finder] = [Simulators(settings.simulated_devices), SerialPorts(), UsbBus()]
    return [*listed, Bluetooth()] if settings.bluetooth else listed


def from_environment() -> FastAPI:
    """The application as it is deployed."""
    settings = load(Settings)
    redis = connect(settings)
    registry = RedisRegistry(redis)
    sink = Processor(settings.neural_processor_url)
    manager = Manager(
        registry,
        Discovery(finders(settings)),
        sink,
        # Tells this process from all others, also from the one that ran in this container before a restart.
        name=f"{socket.gethostname()}-{token_hex(3)}",
        interval=settings.discovery_interval,
        lease=settings.lease,
    )

    async def ready() -> str | None:
        try:
            async with asyncio.timeout(PROBE):
                await redis.ping()
        except TimeoutError:
            return f"Redis did not answer within {PROBE:g} s"
        except UNREACHABLE as error:
            return f"Redis cannot be reached: {type(error).__name__}"
        return None

    return create_app(settings, Desk(registry, sink, manager, settings.discovery_interval), ready)
