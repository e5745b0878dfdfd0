"""Metrics of several processes, added up in files."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def folder() -> Path | None:
    """Where the files are, when there are several processes."""
    path = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    return Path(path) if path else None


def share_metrics(service: str) -> None:
    """Lets several processes add up their metrics. Has to come before any of them imports `metrics`."""
    folder = tempfile.mkdtemp(prefix=f"{service}-metrics-")
    # Only the process that made it: workers that are forked inherit the wish to clean up.
    owner = os.getpid()
    atexit.register(lambda: os.getpid() == owner and shutil.rmtree(folder, ignore_errors=True))
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder


def mark_dead(pid: int) -> None:
    """Drops the gauges of a process that has ended."""
    # Imported late: the client decides at its import how it counts.
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid)  # type: ignore[no-untyped-call]


def forget_dead_workers() -> None:
    """Drops the gauges of workers that died and were replaced."""
    shared = folder()
    for file in shared.glob("gauge_live*_*.db") if shared else ():
        pid = int(file.stem.rsplit("_", 1)[1])
        if not Path(f"/proc/{pid}").exists():
            mark_dead(pid)
