"""Logins of a workload on Google Cloud: the metadata server says who it is, and no key lies anywhere."""

import asyncio
import json
import os
import time
from base64 import urlsafe_b64encode
from typing import Any, Final
from urllib.request import Request, urlopen

from aiokafka.abc import AbstractTokenProvider

ACCOUNT: Final = "/computeMetadata/v1/instance/service-accounts/default"
TIMEOUT: Final = 5.0
"""Seconds that the metadata server gets."""
EARLY: Final = 300.0
"""Seconds before its expiry at which a token is renewed."""


class GoogleTokens(AbstractTokenProvider):  # type: ignore[misc]
    """Tokens in the form that Google's Managed Service for Apache Kafka takes: header, claims and access token."""

    def __init__(self, host: str | None = None) -> None:
        """
        :param host: of the metadata server; default: the variable GCE_METADATA_HOST, or else Google's own
        """
        self._base = f"http://{host or os.environ.get('GCE_METADATA_HOST') or 'metadata.google.internal'}"
        self._token = ""
        self._until = 0.0
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        async with self._lock:
            if time.time() > self._until - EARLY:
                await asyncio.to_thread(self._renew)
            return self._token

    def _renew(self) -> None:
        account = self._ask("/email").decode()
        now = time.time()
        try:
            answer: dict[str, Any] = json.loads(self._ask("/token"))
            until, access = now + float(answer["expires_in"]), str(answer["access_token"])
        except (KeyError, TypeError, ValueError) as error:
            # As an OSError it is one of the reasons why a broker cannot be reached, and is tried again.
            raise OSError(f"no token in the answer of {self._base}: {type(error).__name__}") from None
        claims = {"iss": "Google", "sub": account, "scope": "kafka", "iat": int(now), "exp": int(until)}
        parts = (
            json.dumps({"typ": "JWT", "alg": "GOOG_OAUTH2_TOKEN"}),
            json.dumps(claims),
            access,
        )
        self._token = ".".join(urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)
        self._until = until

    def _ask(self, path: str) -> bytes:
        request = Request(f"{self._base}{ACCOUNT}{path}", headers={"Metadata-Flavor": "Google"})  # noqa: S310
        with urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
            body: bytes = response.read()
            return body
