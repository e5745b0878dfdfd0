import pytest

from device_manager import manager, stream
from memory import MemoryRegistry, MemorySink


@pytest.fixture
def registry() -> MemoryRegistry:
    return MemoryRegistry()


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PAUSES", (0.001,))
    monkeypatch.setattr(manager, "PERIOD", 0.01)
