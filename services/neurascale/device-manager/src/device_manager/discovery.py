"""Looks for devices, by every way that this host has. What cannot be looked at is said, not passed over."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from neurascale_common.signals import CHANNELS

from . import cyton
from .devices import Device, Kind, Scan

log = logging.getLogger("device_manager.discovery")


class Unavailable(Exception):
    """Why this host offers no way to look."""


class Finder(Protocol):
    kind: Kind

    async def find(self) -> list[Device]:
        """What is there now.

        :raises Unavailable: when it is not possible to look
        """


@dataclass(slots=True)
class Simulators:
    """Devices that are none, and say so."""

    count: int
    rate: int = 256
    kind: Kind = "simulator"

    async def find(self) -> list[Device]:
        return [
            Device(
                id=f"simulator-{number}",
                name=f"Simulated EEG headset {number}",
                kind="simulator",
                simulated=True,
                supported=True,
                address=f"simulator:{number}",
                rate=self.rate,
                channels=CHANNELS,
            )
            for number in range(1, self.count + 1)
        ]


@dataclass(slots=True)
class SerialPorts:
    """Serial ports, and which of them hold a board that we can read."""

    kind: Kind = "serial"

    async def find(self) -> list[Device]:
        return await asyncio.to_thread(self._find)

    @staticmethod
    def _find() -> list[Device]:
        from serial.tools import list_ports

        found = []
        for port in list_ports.comports():
            mark = port.serial_number or port.name
            known = cyton.matches(port.vid, port.pid)
            found.append(
                Device(
                    id=safe(f"serial-{mark}"),
                    name=cyton.NAME if known else port.description or port.name,
                    kind="serial",
                    supported=known,
                    address=port.device,
                    rate=cyton.RATE if known else None,
                    channels=cyton.CHANNELS if known else (),
                )
            )
        return found


@dataclass(slots=True)
class UsbBus:
    """Everything on the USB bus. Boards with a serial port are found there too, and read from there."""

    bus: Path = Path("/dev/bus/usb")
    kind: Kind = "usb"

    async def find(self) -> list[Device]:
        if not self.bus.is_dir():
            raise Unavailable(f"no USB bus: {self.bus} is not there")
        return await asyncio.to_thread(self._find)

    @staticmethod
    def _find() -> list[Device]:
        import usb.core

        try:
            listed = list(usb.core.find(find_all=True))
        except usb.core.NoBackendError:
            raise Unavailable("no USB bus: libusb is not there") from None
        except usb.core.USBError as error:
            raise Unavailable(f"no USB bus: {error}") from None
        hubs = 9
        return [
            Device(
                id=safe(f"usb-{one.idVendor:04x}-{one.idProduct:04x}-{one.bus}-{one.address}"),
                name=f"USB device {one.idVendor:04x}:{one.idProduct:04x}",
                kind="usb",
                address=f"bus {one.bus} device {one.address}",
            )
            for one in listed
            if one.bDeviceClass != hubs
        ]


@dataclass(slots=True)
class Bluetooth:
    """Bluetooth devices near by that advertise a name, through BlueZ."""

    seconds: float = 3.0
    """How long to listen."""
    kind: Kind = "bluetooth"

    async def find(self) -> list[Device]:
        from bleak import BleakScanner
        from bleak.exc import BleakError

        try:
            heard = await BleakScanner.discover(timeout=self.seconds)
        except (BleakError, OSError, EOFError) as error:
            raise Unavailable(f"no Bluetooth: {error}") from None
        return [
            Device(id=safe(f"ble-{one.address}"), name=one.name, kind="bluetooth", address=one.address)
            for one in heard
            if one.name
        ]


def safe(text: str) -> str:
    """An id that fits into a path of the API."""
    return "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "-" for sign in text)[
        :100
    ]


@dataclass(slots=True)
class Discovery:
    """Looks in all ways at once; one that fails or hangs does not keep the others from being seen."""

    finders: Sequence[Finder]
    patience: float = 10.0
    """Seconds for one way of looking."""
    scans: list[Scan] = field(default_factory=list)
    """What the last look came to."""

    async def look(self) -> list[Device]:
        results = await asyncio.gather(*(self._look(finder) for finder in self.finders))
        before = {scan.kind: (scan.available, scan.detail) for scan in self.scans}
        self.scans = [scan for scan, _ in results]
        for scan in self.scans:
            if before.get(scan.kind) != (scan.available, scan.detail):
                log.info(
                    "looked for devices: %s",
                    scan.detail,
                    extra={"kind": scan.kind, "available": scan.available},
                )
        return [device for _, found in results for device in found]

    async def _look(self, finder: Finder) -> tuple[Scan, list[Device]]:
        found: list[Device] = []
        available = True
        try:
            async with asyncio.timeout(self.patience):
                found = await finder.find()
            detail = told(finder.kind, found)
        except Unavailable as error:
            available, detail = False, str(error)
        except TimeoutError:
            available, detail = False, f"no answer within {self.patience:g} s"
        except Exception as error:
            log.exception("looking for devices failed", extra={"kind": finder.kind})
            available, detail = False, f"{type(error).__name__}: {error}"
        return Scan(kind=finder.kind, available=available, detail=detail, scanned_at=datetime.now(UTC)), found


def told(kind: Kind, found: list[Device]) -> str:
    what = {
        "simulator": ("simulated device", "simulated devices"),
        "serial": ("serial port", "serial ports"),
        "usb": ("USB device", "USB devices"),
        "bluetooth": ("Bluetooth device", "Bluetooth devices"),
    }[kind]
    return f"{len(found) or 'no'} {what[0 if len(found) == 1 else 1]} found"
