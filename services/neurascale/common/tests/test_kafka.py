"""The environment says how Kafka is reached, and what does not go together is said at once."""

import json
import ssl
import threading
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from longshore_service.settings import SettingsError, load

from neurascale_common.google_token import GoogleTokens
from neurascale_common.kafka import KafkaSettings, connection


def options(**environment: str) -> dict[str, Any]:
    return connection(load(KafkaSettings, environment))


def test_plain_text_in_a_private_network_is_what_nothing_said_means() -> None:
    assert options() == {"bootstrap_servers": "kafka:9092", "security_protocol": "PLAINTEXT"}


def test_a_login_with_tls() -> None:
    found = options(
        KAFKA_BOOTSTRAP="broker:9093",
        KAFKA_SECURITY_PROTOCOL="SASL_SSL",
        KAFKA_SASL_MECHANISM="SCRAM-SHA-512",
        KAFKA_USERNAME="app",
        KAFKA_PASSWORD="hunter2",
    )
    context = found.pop("ssl_context")
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert found == {
        "bootstrap_servers": "broker:9093",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "app",
        "sasl_plain_password": "hunter2",
    }


async def test_the_workload_itself_on_google_cloud() -> None:
    found = options(KAFKA_SECURITY_PROTOCOL="SASL_SSL", KAFKA_SASL_MECHANISM="OAUTHBEARER")
    assert isinstance(found["sasl_oauth_token_provider"], GoogleTokens)
    assert "sasl_plain_password" not in found


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "KAFKA_SASL_MECHANISM: not set, and SASL_SSL needs one of"),
        ({"KAFKA_SASL_MECHANISM": "PLAIN"}, "KAFKA_SECURITY_PROTOCOL is PLAINTEXT, which has no login"),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_MECHANISM": "PLAIN", "KAFKA_USERNAME": "app"},
            "KAFKA_PASSWORD: not set, and PLAIN needs it",
        ),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM": "OAUTHBEARER"},
            "would send its login in plain text",
        ),
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL, got 'TLS'"),
        ({"KAFKA_CA": "no certificate"}, "KAFKA_CA: expected certificates in the form of PEM"),
    ],
)
def test_what_does_not_go_together_is_said(environment: dict[str, str], expected: str) -> None:
    with pytest.raises(SettingsError) as error:
        options(**environment)
    assert expected in str(error.value)


class Metadata(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []
    lifetime = 3600
    broken = False

    def do_GET(self) -> None:
        assert self.headers["Metadata-Flavor"] == "Google"
        self.asked.append(self.path)
        answer = json.dumps({"access_token": f"token-{len(self.asked)}", "expires_in": self.lifetime})
        body = "app@acme.iam.gserviceaccount.com" if self.path.endswith("/email") else answer
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}" if self.broken else body.encode())

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def metadata() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Metadata)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    Metadata.asked, Metadata.lifetime, Metadata.broken = [], 3600, False
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def parts(token: str) -> list[str]:
    return [urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode() for part in token.split(".")]


async def test_a_token_has_the_form_that_google_takes_and_is_kept(metadata: str) -> None:
    tokens = GoogleTokens(metadata)
    header, claims, access = parts(await tokens.token())
    assert json.loads(header) == {"typ": "JWT", "alg": "GOOG_OAUTH2_TOKEN"}
    found = json.loads(claims)
    assert (found["sub"], found["scope"], found["exp"] - found["iat"]) == (
        "app@acme.iam.gserviceaccount.com",
        "kafka",
        3600,
    )
    assert access == "token-2"
    await tokens.token()
    assert len(Metadata.asked) == 2


async def test_a_token_that_is_about_to_end_is_asked_for_anew(metadata: str) -> None:
    Metadata.lifetime = 200
    tokens = GoogleTokens(metadata)
    assert parts(await tokens.token())[2] == "token-2"
    assert parts(await tokens.token())[2] == "token-4"


async def test_what_is_no_token_is_a_reason_to_try_again(metadata: str) -> None:
    Metadata.broken = True
    with pytest.raises(OSError, match="no token in the answer"):
        await GoogleTokens(metadata).token()
