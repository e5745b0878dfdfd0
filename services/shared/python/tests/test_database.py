import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("alembic", exc_type=ImportError)

from dataclasses import replace

import psycopg
from fastapi import FastAPI
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.testclient import TestClient

from longshore_service.api import equip
from longshore_service.database import (
    DatabaseSettings,
    create_engine,
    handle_errors,
    parse_database_url,
    readiness,
)
from longshore_service.migrations import Schema
from longshore_service.settings import SettingsError, load

URL = "postgresql://demo_app_a:p%40ss%2Fw%25rd@db:5432/demo?sslmode=disable"


def test_the_url_is_decoded_and_gets_the_driver() -> None:
    url = load(DatabaseSettings, {"DATABASE_URL": URL}).database_url
    assert url is not None
    assert url.drivername == "postgresql+psycopg"
    assert (url.username, url.password, url.host, url.port, url.database) == (
        "demo_app_a", "p@ss/w%rd", "db", 5432, "demo",
    )  # fmt: skip
    assert url.query == {"sslmode": "disable"}


@pytest.mark.parametrize(
    "url", ["mysql://u:hush@h/d", "not a url hush", "postgresql://u:hush@h", "postgresql://u:hush@h:port/d"]
)
def test_what_is_wrong_with_a_url_is_said_without_it(url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL: expected a URL") as caught:
        load(DatabaseSettings, {"DATABASE_URL": url})
    assert "hush" not in str(caught.value)


def test_the_pool_is_as_configured() -> None:
    settings = replace(
        DatabaseSettings(database_url=parse_database_url(URL)), db_pool_size=3, db_pool_overflow=7
    )
    pool = create_engine(settings, "demo").pool
    assert (pool.size(), pool._max_overflow) == (3, 7)  # type: ignore[attr-defined]
    assert create_engine(settings, "demo", size=1).pool._max_overflow == 0  # type: ignore[attr-defined]


async def test_readiness_says_that_nobody_listens() -> None:
    unreachable = parse_database_url("postgresql://u:hush@127.0.0.1:1/d")
    ready = readiness(DatabaseSettings(database_url=unreachable), "demo-probe")
    assert await ready() == "the database cannot be reached"


def test_a_schema_accepts_our_head_and_newer_releases_but_nothing_older() -> None:
    class Scripts:
        def get_current_head(self) -> str:
            return "0003"

        def walk_revisions(self) -> list[object]:
            return [type("Script", (), {"revision": revision}) for revision in ("0003", "0002", "0001")]

    schema = Schema("demo", Scripts())  # type: ignore[arg-type]
    assert schema.accepts(["0003"])
    assert schema.accepts(["0004"])
    assert not schema.accepts(["0002"])
    assert not schema.accepts([])


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (OperationalError("select", {}, Exception("connection refused")), 503, "database-unavailable"),
        (IntegrityError("insert", {}, Exception("duplicate key")), 500, "internal"),
        (PoolTimeout("no connection"), 503, "busy"),
    ],
)
def test_failed_statements_are_problems_without_inner_detail(
    error: Exception, status: int, kind: str
) -> None:
    app = FastAPI()

    async def ready() -> None:
        return None

    equip(app, "demo", DatabaseSettings(), ready)
    handle_errors(app, "demo")

    @app.get("/")
    async def fail() -> None:
        raise error

    answer = TestClient(app, raise_server_exceptions=False).get("/")
    assert answer.status_code == status
    assert answer.json()["type"] == f"urn:demo:problem:{kind}"
    assert "refused" not in answer.text and "duplicate" not in answer.text


def openssl(*options: str) -> None:
    new = ("-x509", "-nodes", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    subprocess.run(["openssl", "req", *new, *options], check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Like an instance of Cloud SQL: signed by its own CA, and named after project and instance instead of a host."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl here")
    folder = tmp_path_factory.mktemp("database")
    for name in ("own", "other"):
        openssl(
            "-subj",
            f"/CN={name}",
            "-out",
            str(folder / f"{name}.pem"),
            "-keyout",
            str(folder / f"{name}.key"),
        )
    signed = (
        "-CA",
        str(folder / "own.pem"),
        "-CAkey",
        str(folder / "own.key"),
        "-subj",
        "/CN=acme-prod:demo-db",
    )
    openssl(*signed, "-out", str(folder / "server.pem"), "-keyout", str(folder / "server.key"))
    return folder


@pytest.fixture
def encrypted_server(certificates: Path) -> Iterator[int]:
    """As much of PostgreSQL's protocol as one connection takes. Yields its port."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listening.accept()[0] as connection:
            connection.recv(8)
            connection.sendall(b"S")
            try:
                with context.wrap_socket(connection, server_side=True) as encrypted:
                    encrypted.recv(1024)
                    encrypted.sendall(b"R\x00\x00\x00\x08\x00\x00\x00\x00" + b"Z\x00\x00\x00\x05I")
                    encrypted.recv(1024)
            except OSError:
                pass  # The client refused the certificate.

    thread = threading.Thread(target=serve)
    thread.start()
    yield listening.getsockname()[1]
    # Ends the wait of a server that no client has reached.
    with socket.create_connection(listening.getsockname()) as last:
        last.shutdown(socket.SHUT_RDWR)
    thread.join()
    listening.close()


def connect(port: int, query: str) -> None:
    url = parse_database_url(f"postgresql://u:hush@127.0.0.1:{port}/d?{query}")
    engine = create_engine(DatabaseSettings(database_url=url), "demo")
    psycopg.connect(**engine.dialect.create_connect_args(url)[1]).close()


def test_connects_to_the_server_that_the_given_ca_signed(encrypted_server: int, certificates: Path) -> None:
    connect(encrypted_server, f"sslmode=verify-ca&sslrootcert={certificates / 'own.pem'}")


def test_refuses_a_server_that_another_ca_signed(encrypted_server: int, certificates: Path) -> None:
    with pytest.raises(Exception, match="certificate verify failed"):
        connect(encrypted_server, f"sslmode=verify-ca&sslrootcert={certificates / 'other.pem'}")
