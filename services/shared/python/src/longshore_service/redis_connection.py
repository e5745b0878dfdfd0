"""The connection to Redis, with TLS where the environment says so."""

import ssl
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from .settings import ServiceSettings, SettingsError, certificates, secret


def redis_url(text: str) -> str:
    """Never repeats the URL: it holds a password."""
    if not text.startswith(("redis://", "rediss://")):
        raise ValueError("a URL such as redis://:password@host:6379/0")
    return text


@dataclass(frozen=True, kw_only=True)
class RedisSettings(ServiceSettings):
    """What every service with a Redis has."""

    redis_url: str | None = secret(redis_url, required=True)
    """None only in tests. With `rediss://` the connection has TLS."""
    redis_ca: str | None = secret(certificates)
    """CA certificates for the server, as PEM. Default: the system's root certificates."""


def connect(settings: RedisSettings, **options: Any) -> Redis:
    """A client that connects when it is first used. Texts go in and come out.

    :param options: what the client of redis-py takes, over our own
    :raises SettingsError: where a certificate is given for a connection that has no TLS
    """
    url = settings.redis_url or ""
    encrypted = url.startswith("rediss://")
    if settings.redis_ca and not encrypted:
        # A CA without TLS is a mistake: the connection would be unencrypted.
        raise SettingsError(["REDIS_CA: set, but REDIS_URL does not start with rediss://"])
    # A private CA, or that of a managed service, may lack extensions that RFC 5280 requires of public ones.
    lenient = {"ssl_exclude_verify_flags": [ssl.VERIFY_X509_STRICT]} if settings.redis_ca else {}
    tls = {"ssl_ca_data": settings.redis_ca, "ssl_check_hostname": True, **lenient} if encrypted else {}
    ours = {
        "decode_responses": True,
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
        "health_check_interval": 15,
    }
    client: Redis = Redis.from_url(url, **{**ours, **tls, **options})
    return client
