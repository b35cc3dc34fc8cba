"""The line to one Tryton database: every call goes through here, and is counted by nobody else."""

from __future__ import annotations

import base64
import gzip
import http.client
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from dunwell.errors import ConfigurationError, DeniedError, UnansweredError, UnavailableError
from dunwell_tryton.rights import who_grants
from dunwell_tryton.wire import Record, decode, encode, raise_error

T = TypeVar("T")

Domain = list[Any]
PAGE = 500
"""Rows of a call. Tryton's own checks make bigger pages slower than several of these."""
PATIENCE = 60.0
"""Seconds that a call may take."""


class Client:
    """Talks to one database as one user. May be shared by threads; never tries anything twice.

    `shift` moves what is told as Tryton's clock, for rehearsals.
    """

    def __init__(
        self,
        url: str,
        database: str,
        user: str,
        password: str,
        *,
        page: int = PAGE,
        patience: float = PATIENCE,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError(f"the url '{url}' is none (write it like 'https://erp:8000')")
        self.url, self.database, self.user, self.page = url, database, user, page
        self.shift = timedelta()
        self.calls = 0
        self._password, self._patience = password, patience
        self._host, self._tls = parts.netloc.rpartition("@")[2], parts.scheme == "https"
        self._path = f"/{quote(database)}/rpc/"
        self._line: http.client.HTTPConnection | None = None
        self._session = ""
        self._context: Record = {}
        self._lock = threading.RLock()
        self._seen = datetime.fromtimestamp(0, UTC)

    # -- calls ----------------------------------------------------------------------------------

    def call(self, method: str, *params: object, changes: bool = False, **context: object) -> Any:
        """One call, one transaction in Tryton.

        Raises ConflictError and RefusedError where nothing was done; UnavailableError where
        nothing was sent; UnansweredError where `changes` may have been done.
        """
        with self._lock:
            if not self._session:
                self._log_in()
            sent = [*params, {**self._context, **context}]
            try:
                return self._ask(method, sent, changes)
            except _SessionGoneError:
                self._log_in()
                return self._ask(method, sent, changes)

    @property
    def context(self) -> Record:
        """The preferences of the user, which go with every call: company, language."""
        with self._lock:
            if not self._session:
                self._log_in()
        return self._context

    @property
    def now(self) -> datetime:
        """Tryton's clock, as its newest answer had it; whole seconds."""
        return self._seen + self.shift

    def clock(self) -> datetime:
        """Tryton's clock now: one call, which touches no database."""
        with self._lock:
            self._ask("common.server.version", [], changes=False, path="/rpc/")
        return self.now

    def close(self) -> None:
        """Hang up; safe to call twice."""
        with self._lock:
            if self._line is not None:
                self._line.close()
                self._line = None

    def _log_in(self) -> None:
        self._session = ""
        try:
            answer = self._ask(
                "common.db.login", [self.user, {"password": self._password}, "en"], changes=False
            )
        except _SessionGoneError as error:
            remedy = "set the user and its password (DUNWELL_TRYTON_PASSWORD)"
            message = f"Tryton does not know the user '{self.user}', or not with this password"
            raise DeniedError(message, remedy=remedy) from error
        token = f"{self.user}:{answer[0]}:{answer[1]}"
        self._session = base64.b64encode(token.encode()).decode()
        self._context = self._ask("model.res.user.get_preferences", [True, {}], changes=False)

    def _ask(self, method: str, params: Sequence[object], changes: bool, path: str = "") -> Any:
        body = encode({"id": self.calls, "method": method, "params": list(params)})
        answer = self._post(path or self._path, body, changes)
        if answer.status == 401:
            raise _SessionGoneError
        text = self._read(answer, changes)
        if answer.status != 200:
            self._wrong_status(answer.status, method, changes)
        said = decode(text)
        if isinstance(said, dict) and said.get("error"):
            raise_error(said["error"], who_grants(method))
        return said["result"] if isinstance(said, dict) and "result" in said else said

    def _post(self, path: str, body: bytes, changes: bool) -> http.client.HTTPResponse:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
        if self._session:
            headers["Authorization"] = f"Session {self._session}"
        self.calls += 1
        line = self._connected()
        try:
            line.request("POST", path, body, headers)
            answer = line.getresponse()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise _lost(error, changes) from error
        date = answer.getheader("Date")
        if date:
            self._seen = max(self._seen, parsedate_to_datetime(date).astimezone(UTC))
        return answer

    def _connected(self) -> http.client.HTTPConnection:
        """A new line for each call: an old one may have died, and nobody could tell when."""
        self.close()
        kind = http.client.HTTPSConnection if self._tls else http.client.HTTPConnection
        line = kind(self._host, timeout=self._patience)
        try:
            line.connect()
        except OSError as error:
            raise UnavailableError(f"Tryton cannot be reached at {self.url}: {error}") from error
        self._line = line
        return line

    def _read(self, answer: http.client.HTTPResponse, changes: bool) -> bytes:
        try:
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise _lost(error, changes) from error
        finally:
            self.close()
        return gzip.decompress(text) if answer.getheader("Content-Encoding") == "gzip" else text

    def _wrong_status(self, status: int, method: str, changes: bool) -> None:
        if status == 404:
            message = f"Tryton has no database '{self.database}'"
            raise ConfigurationError(f"{message} (or lacks what '{method}' is of)")
        if status == 403:
            raise DeniedError(f"Tryton does not let us call '{method}'", remedy=who_grants(method))
        if status in (429, 503):
            raise UnavailableError(f"Tryton is busy ({status})")
        if changes:
            raise UnansweredError(f"Tryton answered {status} to '{method}'")
        raise UnavailableError(f"Tryton answered {status} to '{method}'")

    # -- records --------------------------------------------------------------------------------

    def pages(
        self, model: str, domain: Domain, fields: Sequence[str], *, newest: bool = False
    ) -> Iterator[list[Record]]:
        """All records of a model, page by page, each beyond the last id seen.

        Ids do not move, so what is paid, made or deleted meanwhile hides no other record.
        """
        beyond: Domain = []
        while True:
            found: list[Record] = self.call(
                f"model.{model}.search_read",
                [*domain, *beyond],
                0,
                self.page,
                [["id", "DESC" if newest else "ASC"]],
                list(fields),
            )
            if found:
                yield found
            if len(found) < self.page:
                return
            beyond = [["id", "<" if newest else ">", found[-1]["id"]]]

    def rows(self, model: str, domain: Domain, fields: Sequence[str]) -> list[Record]:
        """All records of a model at once."""
        return [row for page in self.pages(model, domain, fields) for row in page]

    def chosen(
        self, model: str, field: str, values: Sequence[object], fields: Sequence[str],
        domain: Domain | None = None,
    ) -> list[Record]:  # fmt: skip
        """The records with one of some values in a field, however many there are."""
        found: list[Record] = []
        for part in parts(values, self.page):
            found += self.rows(model, [[field, "in", part], *(domain or [])], fields)
        return found

    def there(self, *models: str) -> frozenset[str]:
        """Which of some models there are: their modules are activated, and we may see them."""
        found = self.rows("ir.model", [["name", "in", list(models)]], ["name"])
        return frozenset(row["name"] for row in found)


class _SessionGoneError(Exception):
    """Tryton wants us to log in."""


def _lost(error: Exception, changes: bool) -> Exception:
    if changes:
        return UnansweredError(f"Tryton did not answer, it may be done or not: {error}")
    return UnavailableError(f"Tryton did not answer: {error}")


def parts(values: Sequence[T], size: int) -> Iterator[list[T]]:
    """As many at a time as one call may bring."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


def reference(model: str, number: int | str) -> str:
    """A record as Tryton's references name it."""
    return f"{model},{number}"
