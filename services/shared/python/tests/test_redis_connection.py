import asyncio
import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("redis")

from redis.exceptions import ConnectionError as RedisAway

from longshore_service.redis_connection import RedisSettings, connect
from longshore_service.settings import SettingsError, load

URL = "rediss://:hunter2@localhost:6378/0"


@dataclass(frozen=True)
class Server:
    authority: str
    certificate: str
    key: str


def openssl(*options: str) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-days", "2", *options], check=True, capture_output=True
    )


def certified(folder: Path, name: str = "localhost") -> Server:
    """As a managed service has them: an authority of its own, without key usage, and a certificate by it."""
    new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    ca, ca_key = str(folder / "ca.pem"), str(folder / "ca.key")
    openssl(*new, "-subj", "/CN=authority", "-out", ca, "-keyout", ca_key)
    made = Server(ca, str(folder / "server.pem"), str(folder / "server.key"))
    extensions = ("-addext", f"subjectAltName=DNS:{name}", "-addext", "basicConstraints=critical,CA:FALSE")
    by = ("-CA", ca, "-CAkey", ca_key, "-subj", f"/CN={name}", *extensions)
    openssl(*new, *by, "-out", made.certificate, "-keyout", made.key)
    return made


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    if not shutil.which("openssl"):
        pytest.skip("no openssl here")
    return certified(tmp_path_factory.mktemp("tls"))


def settings(**environment: str) -> RedisSettings:
    return load(RedisSettings, {"REDIS_URL": URL, **environment})


def test_reads_the_certificate_of_the_authority_from_a_file(server: Server) -> None:
    found = settings(REDIS_CA_FILE=server.authority)
    assert (found.redis_ca or "").startswith("-----BEGIN CERTIFICATE-----")
    assert "BEGIN" not in repr(found)


def test_refuses_what_is_no_certificate(tmp_path: Path) -> None:
    wrong = tmp_path / "ca.pem"
    wrong.write_text("not a certificate")
    with pytest.raises(SettingsError, match="REDIS_CA: expected certificates in the form of PEM"):
        settings(REDIS_CA_FILE=str(wrong))


def test_refuses_a_certificate_for_a_connection_in_plain_text(server: Server) -> None:
    plain = settings(REDIS_URL="redis://:hunter2@localhost:6379/0", REDIS_CA_FILE=server.authority)
    with pytest.raises(SettingsError, match="does not start with rediss://") as error:
        connect(plain)
    assert "hunter2" not in str(error.value)


def test_refuses_another_scheme_without_repeating_the_password() -> None:
    with pytest.raises(SettingsError) as error:
        settings(REDIS_URL="http://:hunter2@localhost")
    assert "hunter2" not in str(error.value)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """As much of Redis as a greeting and a PING take."""
    answers = {b"HELLO": b"%1\r\n+proto\r\n:3\r\n", b"PING": b"+PONG\r\n"}
    while line := await reader.readline():
        parts = [await take(reader) for _ in range(int(line[1:]))]
        writer.write(answers.get(parts[0].upper(), b"+OK\r\n"))
        await writer.drain()
    writer.close()


async def take(reader: asyncio.StreamReader) -> bytes:
    length = int((await reader.readline())[1:])
    return (await reader.readexactly(length + 2))[:-2]


async def ping(server: Server, authority: str | None) -> bool:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(server.certificate, server.key)
    listening = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    given = {"REDIS_CA_FILE": authority} if authority else {}
    client = connect(settings(REDIS_URL=f"rediss://localhost:{port}/0", **given))
    try:
        return bool(await client.ping())
    finally:
        await client.aclose()
        listening.close()


async def test_speaks_tls_with_whoever_the_authority_signed(server: Server) -> None:
    assert await ping(server, server.authority)


@pytest.mark.parametrize("trusted", ["system", "another"])
async def test_does_not_speak_with_anyone_else(server: Server, tmp_path: Path, trusted: str) -> None:
    authority = certified(tmp_path).authority if trusted == "another" else None
    with pytest.raises(RedisAway, match="CERTIFICATE_VERIFY_FAILED"):
        await ping(server, authority)


async def test_does_not_take_a_certificate_of_another_name(server: Server, tmp_path: Path) -> None:
    other = certified(tmp_path, "elsewhere.example")
    with pytest.raises(RedisAway, match="CERTIFICATE_VERIFY_FAILED"):
        await ping(other, other.authority)
