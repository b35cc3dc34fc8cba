"""How requests cross the wire: one client for all of them, and every answer judged."""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec

from dunwell.errors import AdapterError, ConfigurationError, DeniedError, UnavailableError
from dunwell_odoo.faults import (
    NEW_KEY,
    Asked,
    BrokenError,
    BusyError,
    of_exception,
    of_status,
)

PATIENCE = (0.5, 1.0, 2.0, 4.0, 8.0, 8.0)
"""Seconds between tries of what was not done, at a server that answered before: it restarts."""

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_MISUSED = (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError)

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


@dataclass(frozen=True, slots=True)
class Line:
    """Where an Odoo answers and how it is reached. `base` has the path prefix and no last slash.

    `read` and `connect` are seconds. `ca` is a file of certificates to trust instead of the
    system's. `proxy` may hold a password, so it is never shown.
    """

    base: str
    read: float = 120.0
    connect: float = 10.0
    ca: Path | None = None
    proxy: str = field(default="", repr=False)

    def client(self) -> httpx.Client:
        """One client for all requests; it follows no redirects.

        A ConfigurationError when the certificates or the proxy cannot be used.
        """
        try:
            verify = ssl.create_default_context(cafile=str(self.ca)) if self.ca else True
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise ConfigurationError(
                f"the certificates in '{self.ca}' cannot be read: {why}"
            ) from None
        try:
            return httpx.Client(
                timeout=httpx.Timeout(self.read, connect=self.connect),
                verify=verify,
                proxy=self.proxy or None,
                headers={"User-Agent": "dunwell", "Accept": "application/json"},
                follow_redirects=False,
                limits=httpx.Limits(max_keepalive_connections=16, keepalive_expiry=4.0),
            )
        except (ValueError, httpx.InvalidURL):
            raise ConfigurationError("the address of the proxy cannot be used") from None


class Wire:
    """Asks and judges; safe for threads. `calls` counts requests."""

    def __init__(
        self,
        line: Line,
        *,
        client: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.base, self.client, self.sleep = line.base, client or line.client(), sleep
        self._owned = client is None
        self.calls, self.heard = 0, False
        self._lock = threading.Lock()

    def ask(
        self,
        asked: Asked,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        unwrap: Callable[[Asked, Any], Any] = lambda asked, found: found,
    ) -> Any:
        """What came back, as JSON with exact numbers; None as body asks for a page.

        A read is asked again while the line breaks, a write only while nothing was sent, and both
        only at a server that answered before. `unwrap` takes the value out of an envelope.
        """
        content = None if body is None else _encode(body)
        pauses = iter(PATIENCE if self.heard else ())
        while True:
            try:
                found = unwrap(asked, self._once(asked, path, content, headers))
            except BusyError:  # Odoo itself tried several times
                raise
            except UnavailableError:
                pause = next(pauses, None)
                if pause is None:
                    raise
                self.sleep(pause * random.uniform(1.0, 1.25))
            else:
                self.heard = True
                return found

    def _once(
        self, asked: Asked, path: str, content: bytes | None, headers: Mapping[str, str] | None
    ) -> Any:
        with self._lock:
            self.calls += 1
        try:
            answer = self.client.request(
                "GET" if content is None else "POST",
                self.base + path,
                content=content,
                headers={"Content-Type": "application/json", **(headers or {})},
            )
        except (*_MISUSED, UnicodeError) as error:  # whose text may hold the key
            why = type(error).__name__
            message = f"{self.base} cannot be asked with this address, database or key ({why})"
            raise ConfigurationError(message) from None
        except _NOT_SENT as error:
            raise self._unreached(error) from None
        except httpx.TimeoutException:
            raise self._lost(asked, "did not answer in time") from None
        except httpx.HTTPError as error:
            raise self._lost(asked, f"broke off ({type(error).__name__})") from None
        return self._judged(asked, answer)

    def _unreached(self, error: httpx.HTTPError) -> AdapterError:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                why = f"its certificate is not trusted: {cause.verify_message}"
                hint = "name the file of its authority as 'ca' in [erp]"
                return ConfigurationError(f"{self.base} is not asked: {why} ({hint})")
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, httpx.ProxyError):
            return UnavailableError(f"the proxy does not let us through to {self.base}")
        return UnavailableError(f"{self.base} cannot be reached ({type(error).__name__})")

    def _lost(self, asked: Asked, how: str) -> AdapterError:
        message = f"{self.base} {how} during {asked}"
        return UnavailableError(message) if asked.reads else BrokenError(message)

    def _judged(self, asked: Asked, answer: httpx.Response) -> Any:
        """The value of a good answer; Odoo's own errors have a name, all others a status."""
        try:
            found = _decode(answer.content)
        except msgspec.MsgspecError:
            found = None
        else:
            if answer.status_code == 200:
                return found
        if isinstance(found, dict) and found.get("name"):
            if answer.status_code == 401:
                raise DeniedError("Odoo refuses the key, or it has expired", remedy=NEW_KEY)
            raise of_exception(asked, found)
        location = answer.headers.get("Location", "").partition("?")[0]
        raise of_status(asked, answer.status_code, location, self.base)

    def close(self) -> None:
        """Let go of the connections, unless they are somebody else's; safe to call twice."""
        if self._owned:
            self.client.close()


__all__ = ["BrokenError", "Line", "Wire"]
