"""How to reach Kafka: in plain text in a private network, or with TLS and a login, as the environment says."""

import ssl
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from longshore_service.settings import ServiceSettings, SettingsError, certificates, one_of, secret, setting

from .google_token import GoogleTokens

PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
GOOGLE: Final = "OAUTHBEARER"
"""The login of Google's Managed Service for Apache Kafka: who the workload is, no password."""
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", GOOGLE)


@dataclass(frozen=True, kw_only=True)
class KafkaSettings(ServiceSettings):
    """What every client of Kafka has."""

    kafka_bootstrap: str = setting("kafka:9092", str)
    """`host:port` of brokers, separated by commas."""
    kafka_security_protocol: str = setting("PLAINTEXT", one_of(*PROTOCOLS))
    kafka_sasl_mechanism: str | None = setting(None, one_of(*MECHANISMS))
    """How to log in, where the protocol starts with SASL."""
    kafka_username: str | None = setting(None, str)
    kafka_password: str | None = secret(str)
    kafka_ca: str | None = secret(certificates)
    """CA certificates for the brokers, as PEM. Default: the system's root certificates."""


def connection(settings: KafkaSettings) -> dict[str, Any]:
    """What every client of aiokafka takes to connect.

    :raises SettingsError: with everything that does not go together
    """
    protocol, mechanism = settings.kafka_security_protocol, settings.kafka_sasl_mechanism
    problems = _problems(settings)
    if problems:
        raise SettingsError(problems)
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap,
        "security_protocol": protocol,
    }
    if protocol.endswith("SSL"):
        options["ssl_context"] = context = ssl.create_default_context(cadata=settings.kafka_ca)
        if settings.kafka_ca:
            # An authority of one's own need not have every extension that RFC 5280 asks of public ones.
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if mechanism == GOOGLE:
        options |= {"sasl_mechanism": mechanism, "sasl_oauth_token_provider": GoogleTokens()}
    elif mechanism:
        options |= {
            "sasl_mechanism": mechanism,
            "sasl_plain_username": settings.kafka_username,
            "sasl_plain_password": settings.kafka_password,
        }
    return options


def _problems(settings: KafkaSettings) -> list[str]:
    protocol, mechanism = settings.kafka_security_protocol, settings.kafka_sasl_mechanism
    found: list[str] = []
    if protocol.startswith("SASL") and mechanism is None:
        found.append(f"KAFKA_SASL_MECHANISM: not set, and {protocol} needs one of {', '.join(MECHANISMS)}")
    if mechanism is not None and not protocol.startswith("SASL"):
        found.append(
            f"KAFKA_SASL_MECHANISM: set, but KAFKA_SECURITY_PROTOCOL is {protocol}, which has no login"
        )
    if mechanism not in (None, GOOGLE):
        if not settings.kafka_username:
            found.append(f"KAFKA_USERNAME: not set, and {mechanism} needs it")
        if not settings.kafka_password:
            found.append(
                f"KAFKA_PASSWORD: not set, and {mechanism} needs it; let KAFKA_PASSWORD_FILE name its file"
            )
    if settings.kafka_ca and not protocol.endswith("SSL"):
        # A CA without TLS is a mistake: the connection would be unencrypted.
        found.append(f"KAFKA_CA: set, but KAFKA_SECURITY_PROTOCOL is {protocol}, which has no TLS")
    if mechanism in ("PLAIN", GOOGLE) and protocol == "SASL_PLAINTEXT":
        found.append(f"KAFKA_SECURITY_PROTOCOL: {mechanism} would send its login in plain text; use SASL_SSL")
    return found


def create_consumer(settings: KafkaSettings, group: str, client: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        **connection(settings),
        group_id=group,
        client_id=client,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        # A reader that was killed makes way for another after this long.
        session_timeout_ms=10_000,
        heartbeat_interval_ms=2_000,
        request_timeout_ms=15_000,
        retry_backoff_ms=200,
        metadata_max_age_ms=30_000,
    )
