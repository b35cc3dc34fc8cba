"""The one door to the service: every request leaves here, and every answer is judged here."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
import requests
from urllib3.exceptions import NewConnectionError

from dunwell.errors import (
    ConfigurationError,
    ContractBrokenError,
    DeniedError,
    UnansweredError,
    UnavailableError,
)
from dunwell_quickbooks.pace import Pace
from dunwell_quickbooks.tokens import AGAIN, Tokens

Entity = dict[str, Any]

MINOR_VERSION = "75"
TIMEOUT = (10, 125)  # to connect; to answer: the service gives up after 120 s
TRIES = 3
WAIT = 60.0  # after a 429 without a Retry-After

_decode = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


class RefusedError(ContractBrokenError):
    """The service understood and said no: nothing was done. `codes` are its own."""

    def __init__(self, codes: Sequence[str], message: str) -> None:
        self.codes = tuple(codes)
        super().__init__(message)

    @property
    def stale(self) -> bool:
        """Somebody else changed the record since it was read."""
        return "5010" in self.codes


class BrokenError(UnansweredError):
    """No answer that can be read came back: it may have been done or not."""


@dataclass(frozen=True, slots=True)
class Line:
    """Where requests go: the address of the company."""

    base: str
    realm: str

    def url(self, path: str) -> str:
        """The address of an operation."""
        return f"{self.base}/v3/company/{self.realm}/{path}"


class Door:
    """Requests under one token and one pace. `asked` counts reads, which are metered; `wrote` the
    writes that were done or may have been.
    """

    def __init__(
        self,
        line: Line,
        tokens: Tokens,
        pace: Pace,
        *,
        session: requests.Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        heard: Callable[[datetime], None] = lambda now: None,
    ) -> None:
        self.line, self.tokens, self.pace = line, tokens, pace
        self.session = session or requests.Session()
        self.sleep, self.heard = sleep, heard
        self.asked = self.wrote = 0

    # -- reads ----------------------------------------------------------------------------------

    def read(self, path: str, params: Mapping[str, str], text: str = "") -> Entity:
        """Read; what got lost on the way is asked for again."""
        for attempt in range(1, TRIES + 1):
            self.asked += 1
            try:
                if text:
                    kind = "application/text"
                    return self._call("POST", path, params, text.encode(), kind, write=False)
                return self._call("GET", path, params, b"", "", write=False)
            except BrokenError as error:
                if attempt == TRIES:
                    raise UnavailableError(f"QuickBooks does not answer: {error}") from error
                self.sleep(2.0**attempt)
        raise AssertionError

    def query(self, text: str, **params: str) -> Entity:
        """The `QueryResponse` of a query."""
        found = self.read("query", params, text).get("QueryResponse")
        return found if isinstance(found, dict) else {}

    # -- writes ---------------------------------------------------------------------------------

    def write(self, kind: str, body: Entity, requestid: str) -> Entity:
        """Create or change a record; the record as it is then.

        A RefusedError says that nothing was done, a BrokenError that nobody knows.
        """
        params = {"requestid": requestid}
        path = kind.lower()
        found = self._call("POST", path, params, _encode(body), "application/json", write=True)
        record = found.get(kind)
        if not isinstance(record, dict):
            raise BrokenError(f"the answer to a write of {kind} names no {kind}")
        return record

    def create(self, kind: str, body: Entity, requestid: str) -> Entity:
        """Create a record. Asked again under the same requestid the service does nothing more."""
        for _ in range(TRIES - 1):
            try:
                return self.write(kind, body, requestid)
            except BrokenError:
                self.sleep(1.0)
        return self.write(kind, body, requestid)

    def send(self, invoice: str, to: str, requestid: str) -> Entity:
        """Let QuickBooks mail an invoice. Never asked twice: after a BrokenError look at it."""
        params = {"requestid": requestid} | ({"sendTo": to} if to else {})
        kind = "application/octet-stream"
        found = self._call("POST", f"invoice/{invoice}/send", params, b"", kind, write=True)
        record = found.get("Invoice")
        if not isinstance(record, dict):
            raise BrokenError("the answer to a send names no invoice")
        return record

    # -- one request ----------------------------------------------------------------------------

    def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        body: bytes,
        kind: str,
        *,
        write: bool,
    ) -> Entity:
        """One request that was let in: a 429 waits and comes again, a 401 refreshes once."""
        rejected, waited = "", 0
        while True:
            token = self.tokens.access(rejected=rejected)
            try:
                answer = self._shot(method, path, params, body, kind, token)
            except BrokenError:
                self.wrote += write
                raise
            if answer.status_code == 401:
                if rejected:
                    raise DeniedError("QuickBooks refuses a fresh token", remedy=AGAIN)
                rejected = token
            elif answer.status_code == 429:
                waited += 1
                if waited == TRIES:
                    raise UnavailableError(
                        "QuickBooks answers 429: too many requests, or the month's reads are used"
                    )
                self.sleep(_pause(answer))
            else:
                self.wrote += write and answer.status_code not in (400, 403)
                return self._judged(answer)

    def _shot(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        body: bytes,
        kind: str,
        token: str,
    ) -> requests.Response:
        headers = {"Accept": "application/json", "Authorization": f"Bearer {token}"}
        if kind:
            headers["Content-Type"] = kind
        self.pace.wait()
        try:
            return self.session.request(
                method,
                self.line.url(path),
                params={"minorversion": MINOR_VERSION, **params},
                data=body or None,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.exceptions.ConnectTimeout as error:
            raise UnavailableError("QuickBooks cannot be reached") from error
        except requests.exceptions.ConnectionError as error:
            if _never_left(error):
                raise UnavailableError("QuickBooks cannot be reached") from error
            raise BrokenError("the line to QuickBooks broke") from error
        except requests.RequestException as error:
            raise BrokenError(f"QuickBooks did not answer: {type(error).__name__}") from error

    def _judged(self, answer: requests.Response) -> Entity:
        """The body of a good answer; the status decides before anything is parsed."""
        status = answer.status_code
        tid = answer.headers.get("intuit_tid", "")
        if status >= 500:
            raise BrokenError(f"QuickBooks answered {status} (intuit_tid {tid})")
        try:
            found = _decode(answer.content)
        except msgspec.MsgspecError as error:
            if status == 200:
                raise BrokenError(f"the answer is cut or garbled (intuit_tid {tid})") from error
            found = {}
        if status == 403:
            raise DeniedError(
                f"QuickBooks does not let this app into company {self.line.realm}",
                remedy="connect as its administrator, or correct 'realm'",
            )
        fault = found.get("Fault") or found.get("fault")
        if fault or status != 200:
            codes, text = _faults(fault)
            if {"6190"} & set(codes):
                raise DeniedError(f"QuickBooks stopped: {text}", remedy="renew the subscription")
            if {"3200"} & set(codes):
                raise DeniedError(f"QuickBooks refuses the token: {text}", remedy=AGAIN)
            raise RefusedError(codes, f"{text or status} (intuit_tid {tid})")
        moment = _moment(found, answer)
        if moment is not None:
            self.heard(moment)
        return found

    @contextmanager
    def honest(self) -> Iterator[None]:
        """Several writes as one: once something was done, no error may say that nothing was."""
        before = self.wrote
        try:
            yield
        except (UnavailableError, DeniedError, ConfigurationError) as error:
            if self.wrote > before:
                raise UnansweredError(f"it stopped half way: {error}") from error
            raise

    def close(self) -> None:
        """Let go of the connections."""
        self.session.close()


def _faults(fault: object) -> tuple[list[str], str]:
    """Codes and words of a fault, in either spelling; one answer can hold several."""
    if not isinstance(fault, dict):
        return [], ""
    errors = fault.get("Error") or fault.get("error") or []
    codes = [str(error.get("code", "")) for error in errors]
    words = [
        str(error.get("Detail") or error.get("Message") or error.get("message") or "")
        for error in errors
    ]
    return codes, "; ".join(dict.fromkeys(word for word in words if word))


def _moment(found: Entity, answer: requests.Response) -> datetime | None:
    """The service's own clock: in the body, else in the header."""
    try:
        moment = datetime.fromisoformat(str(found.get("time")))
    except ValueError:
        try:
            moment = parsedate_to_datetime(answer.headers.get("Date", ""))
        except ValueError:
            return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _pause(answer: requests.Response) -> float:
    try:
        pause = float(answer.headers.get("Retry-After", ""))
    except ValueError:
        pause = WAIT
    return min(max(pause, 1.0), 600.0) * random.uniform(1.0, 1.25)


def _never_left(error: requests.exceptions.ConnectionError) -> bool:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, NewConnectionError)


__all__ = ["BrokenError", "ConfigurationError", "Door", "Entity", "Line", "RefusedError"]
