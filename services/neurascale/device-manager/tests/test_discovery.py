from pathlib import Path
from types import SimpleNamespace

import pytest

from device_manager.devices import Device, Kind
from device_manager.discovery import Discovery, Finder, SerialPorts, Simulators, Unavailable, UsbBus, safe


class Broken:
    kind: Kind = "bluetooth"

    async def find(self) -> list[Device]:
        raise RuntimeError("odd")


async def test_what_cannot_be_looked_at_is_said_and_keeps_nothing_else_from_being_seen(
    tmp_path: Path,
) -> None:
    finders: list[Finder] = [Simulators(2), UsbBus(tmp_path / "nowhere"), Broken()]
    discovery = Discovery(finders)
    found = await discovery.look()
    assert [device.id for device in found] == ["simulator-1", "simulator-2"]
    assert all(device.simulated and "Simulated" in device.name for device in found)
    assert [(scan.kind, scan.available, scan.detail) for scan in discovery.scans] == [
        ("simulator", True, "2 simulated devices found"),
        ("usb", False, f"no USB bus: {tmp_path}/nowhere is not there"),
        ("bluetooth", False, "RuntimeError: odd"),
    ]


async def test_serial_ports_are_listed_and_the_board_among_them_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def port(name: str, vid: int | None, pid: int | None) -> SimpleNamespace:
        return SimpleNamespace(
            device=f"/dev/{name}", name=name, description=f"port {name}", serial_number=None, vid=vid, pid=pid
        )

    monkeypatch.setattr(
        "serial.tools.list_ports.comports",
        lambda: [port("ttyUSB0", 0x0403, 0x6015), port("ttyS0", None, None)],
    )
    board, other = await SerialPorts().find()
    assert (board.id, board.name, board.supported, board.rate) == (
        "serial-ttyUSB0",
        "OpenBCI Cyton",
        True,
        250,
    )
    assert (other.name, other.supported, other.rate) == ("port ttyS0", False, None)


async def test_the_bus_is_looked_at_through_libusb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import usb.core

    def device(kind: int, vendor: int) -> SimpleNamespace:
        return SimpleNamespace(idVendor=vendor, idProduct=0x10, bus=1, address=4, bDeviceClass=kind)

    monkeypatch.setattr(usb.core, "find", lambda **_: iter([device(9, 0x1D6B), device(0, 0x1209)]))
    assert [one.id for one in await UsbBus(tmp_path).find()] == ["usb-1209-0010-1-4"]

    def absent(**_options: object) -> None:
        raise usb.core.NoBackendError("none")

    monkeypatch.setattr(usb.core, "find", absent)
    with pytest.raises(Unavailable, match="libusb"):
        await UsbBus(tmp_path).find()


def test_ids_fit_into_paths() -> None:
    assert safe("ble-AA:BB/ä?") == "ble-AA-BB---"
