"""State and use of the containers of one stack, as the engine of the machine knows them.

Names are those of cAdvisor and of Prometheus' conventions where they mean the same.
"""

import logging
import re
import signal
import socket
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from threading import Event

from longshore_service.logs import setup
from longshore_service.probes import serving
from longshore_service.settings import ServiceSettings, load_or_exit, setting, whole
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

from .engine import Engine, EngineError, Json

log = logging.getLogger("exporters.containers")

LABELS = ("system", "service", "kind", "container")


@dataclass(frozen=True, kw_only=True)
class Settings(ServiceSettings):
    port: int = setting(9323, whole(1, 65535))
    engine_socket: str = setting("/var/run/docker.sock", str)


@dataclass(frozen=True)
class Measure:
    """One number of a container, and how it is read from what the engine says. None: it has no such number."""

    name: str
    help: str
    counter: bool = False


MEASURES = (
    Measure("container_running", "Whether the container runs."),
    Measure("container_healthy", "Whether its health check succeeds. Absent without one."),
    Measure("container_exit_code", "How it ended. Absent while it runs."),
    Measure("container_oom_killed", "Whether it was ended because its memory was used up."),
    Measure("container_restarts_total", "How often the engine has started it again by itself.", counter=True),
    Measure("container_start_time_seconds", "When it was last started."),
    Measure("container_spec_cpu_cores", "Most cores that it may use."),
    Measure("container_spec_memory_limit_bytes", "Most memory that it may use."),
    Measure("container_cpu_usage_seconds_total", "Processor time used.", counter=True),
    Measure("container_cpu_cfs_periods_total", "Periods in which it wanted to run.", counter=True),
    Measure("container_cpu_cfs_throttled_periods_total", "Periods in which it was held back.", counter=True),
    Measure("container_memory_working_set_bytes", "Memory that cannot be taken back."),
    Measure("container_processes", "Processes and threads."),
    Measure("container_network_receive_bytes_total", "Bytes received.", counter=True),
    Measure("container_network_transmit_bytes_total", "Bytes sent.", counter=True),
)


def state(inspected: Json) -> dict[str, float | None]:
    """What the engine says of a container's state and limits."""
    now, limits = inspected["State"], inspected["HostConfig"]
    running = bool(now["Running"])
    health = now.get("Health", {}).get("Status") if running else None
    return {
        "container_running": float(running),
        "container_healthy": None if health in (None, "none") else float(health == "healthy"),
        "container_exit_code": None if running or now["Status"] == "created" else float(now["ExitCode"]),
        "container_oom_killed": float(bool(now.get("OOMKilled"))),
        "container_restarts_total": float(inspected.get("RestartCount", 0)),
        "container_start_time_seconds": _seconds(now.get("StartedAt", "")),
        "container_spec_cpu_cores": (limits.get("NanoCpus") or 0) / 1e9 or None,
        "container_spec_memory_limit_bytes": float(limits.get("Memory") or 0) or None,
    }


def use(stats: Json) -> dict[str, float | None]:
    """What a running container has used, from the engine's statistics (cgroup version 1 or 2)."""
    cpu, memory = stats.get("cpu_stats", {}), stats.get("memory_stats", {})
    if "usage" not in memory:
        return {}
    throttling, details = cpu.get("throttling_data", {}), memory.get("stats", {})
    reclaimable = details.get("total_inactive_file", details.get("inactive_file", 0))
    networks = list((stats.get("networks") or {}).values())
    return {
        "container_cpu_usage_seconds_total": cpu.get("cpu_usage", {}).get("total_usage", 0) / 1e9,
        "container_cpu_cfs_periods_total": float(throttling.get("periods", 0)),
        "container_cpu_cfs_throttled_periods_total": float(throttling.get("throttled_periods", 0)),
        "container_memory_working_set_bytes": float(max(0, memory["usage"] - reclaimable)),
        "container_processes": float(stats.get("pids_stats", {}).get("current") or 0),
        "container_network_receive_bytes_total": float(sum(one["rx_bytes"] for one in networks)),
        "container_network_transmit_bytes_total": float(sum(one["tx_bytes"] for one in networks)),
    }


def _seconds(time: str) -> float | None:
    """Seconds since 1970 of the engine's times, which have nanoseconds; its year 1 means never."""
    match = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)", time)
    if match is None or time.startswith("0001-"):
        return None
    return datetime.fromisoformat(f"{match[1]}+00:00").timestamp()


class Containers(Collector):
    """Queries Docker at every scrape. The scrape fails when Docker does not answer, so that missing data raises an alert."""

    def __init__(self, engine: Engine, hostname: str) -> None:
        """
        :param hostname: of this container: its short id, by which it finds the stack that it belongs to
        """
        self._engine, self._hostname = engine, hostname
        self._suffix: str | None = None
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="engine")

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        listed = [one for one in self._engine.containers() if self._is_ours(one["Labels"])]
        read = list(self._pool.map(self._read, listed))
        for measure in MEASURES:
            family = (CounterMetricFamily if measure.counter else GaugeMetricFamily)(
                measure.name, measure.help, labels=LABELS
            )
            for labels, values in read:
                value = values.get(measure.name)
                if value is not None:
                    family.add_metric(labels, value)
            yield family

    def _is_ours(self, labels: dict[str, str]) -> bool:
        """One engine may run several stacks: projects are called `<system><suffix>`, and ours has the same suffix."""
        return labels.get("com.docker.compose.project") == f"{labels['longshore.system']}{self.suffix}"

    @property
    def suffix(self) -> str:
        if self._suffix is None:
            own = self._engine.inspect(self._hostname)
            if own is None:
                raise EngineError(f"the engine knows no container {self._hostname}, which should be this one")
            labels = own["Config"]["Labels"]
            self._suffix = labels["com.docker.compose.project"].removeprefix(labels["longshore.system"])
        return self._suffix

    def _read(self, listed: Json) -> tuple[tuple[str, ...], dict[str, float | None]]:
        identifier, labels = listed["Id"], listed["Labels"]
        names = (
            labels["longshore.system"],
            labels.get("longshore.workload", ""),
            labels.get("longshore.kind", ""),
            listed["Names"][0].removeprefix("/"),
        )
        inspected = self._engine.inspect(identifier)
        if inspected is None:
            return names, {}
        usage = self._engine.usage(identifier) if inspected["State"]["Running"] else None
        return names, {**state(inspected), **(use(usage) if usage else {})}

    def check(self) -> str | None:
        try:
            self._engine.containers()
        except EngineError as error:
            return str(error)
        return None


def main() -> None:
    settings = load_or_exit(Settings)
    setup("exporters", settings.log_level)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    containers = Containers(Engine(settings.engine_socket), socket.gethostname())
    REGISTRY.register(containers)
    with serving("containers-exporter", settings, ready=containers.check):
        stop.wait()


if __name__ == "__main__":
    main()
