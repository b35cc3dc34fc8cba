"""A stand-in for QuickBooks Online as one WSGI application, as strict as is documented."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

import msgspec

from tests.quickbooks_books import Books, Entity, RefusalError, utc

REALM = "4620816365"
CLIENT, SECRET = "the-client", "the-secret"
KINDS = {
    kind.lower(): kind
    for kind in ("Customer", "Invoice", "CreditMemo", "Payment", "Attachable", "Term")
}
TOKEN, REVOKE = "/oauth2/v1/tokens/bearer", "/oauth2/v1/tokens/revoke"
BATCH_ITEMS, PER_SECOND, PER_MINUTE = 30, 10, 500

_encode = msgspec.json.Encoder(decimal_format="number").encode


class ResetError(ConnectionResetError):
    """The line breaks: no answer comes, whatever was done."""


@dataclass
class Trouble:
    """What goes wrong at the `nth` request that matches; `times` in a row.

    `reset`, `500`, `truncated` and `empty` come after it was done; `refused`, `429`, `401` and
    `stale` before; `act` calls `deed` first, and all is well.
    """

    what: str
    match: str = ""  # a regular expression over "METHOD path body"
    nth: int = 1
    times: int = 1
    deed: Callable[[], object] | None = None
    seen: int = 0

    def hits(self, line: str) -> bool:
        if not re.search(self.match, line, re.DOTALL):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


@dataclass
class Answer:
    """Status, body and headers on their way out."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Service:
    """The service. `metered` counts successful reads, `calls` every request."""

    def __init__(
        self,
        *,
        now: datetime = datetime(2026, 3, 2, 8, tzinfo=UTC),
        zone: str = "Europe/Madrid",
        currency: str = "EUR",
        limits: bool = False,
    ) -> None:
        self.now, self.limits = now, limits
        self.books = Books(now=lambda: self.now, zone=zone, currency=currency)
        self.troubles: list[Trouble] = []
        self.calls = self.metered = self.throttled = self.refreshed = 0
        self.writes: list[str] = []  # as "METHOD path", each that asked for an effect
        self.sloppy: list[str] = []  # writes without a requestid, calls without a minorversion
        self.replies: dict[str, tuple[str, bytes]] = {}
        self.recent: deque[datetime] = deque()
        self.refresh, self.codes, self.drawn = "refresh-0", {"the-code": ""}, 0
        self.access: dict[str, datetime] = {}
        self.missing: set[str] = set()  # kinds of records that this plan does not have
        self.each = timedelta()  # how long each request takes
        self.longest = 10_000  # identifiers that a list may have
        self.extra = 0  # rows that a full page has more than was asked for

    # -- the door -------------------------------------------------------------------------------

    def __call__(
        self, environ: Mapping[str, Any], start_response: Callable[..., object]
    ) -> Iterable[bytes]:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        answer = self.answer(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            {k: v[-1] for k, v in parse_qs(environ.get("QUERY_STRING", ""), True).items()},
            {k[5:].replace("_", "-").title(): v for k, v in environ.items() if k[:5] == "HTTP_"}
            | {"Content-Type": environ.get("CONTENT_TYPE", "")},
            environ["wsgi.input"].read(size) if size else b"",
        )
        headers = {"Content-Type": "application/json", "intuit_tid": f"tid-{self.calls}"}
        headers |= answer.headers | {"Content-Length": str(len(answer.body))}
        start_response(f"{answer.status} -", list(headers.items()))
        return [answer.body]

    def answer(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
    ) -> Answer:
        """Answer one request, with all that goes wrong on the way."""
        self.calls += 1
        self.now += self.each
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        line = f"{method} {path}?{asked} {body.decode('utf-8', 'replace')}"
        trouble = next([t for t in self.troubles if t.hits(line)].__iter__(), None)
        what = trouble.what if trouble else ""
        if trouble and trouble.deed:
            trouble.deed()
        if what == "refused":
            raise ResetError("connection refused")
        if what == "429":
            return self.too_many()
        if what == "401":
            self.access.clear()
        with self.books.lock:
            answer = self._routed(method, path, query, headers, body, stale=what == "stale")
        if what == "reset":
            raise ResetError("connection reset by peer")
        if what == "500":
            return Answer(500, b"", {"Content-Type": "text/plain"})
        if what == "truncated":
            return Answer(answer.status, answer.body[: len(answer.body) // 2], answer.headers)
        return Answer(200, b"") if what == "empty" else answer

    def too_many(self) -> Answer:
        """XML although JSON was asked for, and no word of when to come back."""
        self.throttled += 1
        text = ('<?xml version="1.0" encoding="UTF-8"?><IntuitResponse xmlns="http://schema.intuit'
                '.com/finance/v3"><Fault type="THROTTLE"><Error code="3001"><Message>message='
                "ThrottleExceeded; errorCode=003001; statusCode=429</Message></Error></Fault>"
                "</IntuitResponse>")  # fmt: skip
        return Answer(429, text.encode(), {"Content-Type": "application/xml"})

    def _routed(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str],
        body: bytes, *, stale: bool,
    ) -> Answer:  # fmt: skip
        if path in (TOKEN, REVOKE):
            return self._oauth(path, headers, body)
        if self._over():
            return self.too_many()
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        if self.access.get(token, self.now) <= self.now:
            return self._unknown_token()
        match = re.fullmatch(r"/v3/company/(\w+)/([A-Za-z]+)(?:/(\d+))?(/send)?", path)
        if match is None:
            return self._fault(RefusalError("2010", "Unsupported Operation", 400), headers)
        realm, name, number, send = match.groups()
        if realm != REALM:
            why = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
            return self._fault(RefusalError("3100", why, 403), headers, "AUTHORIZATION")
        if not query.get("minorversion", "").isdigit():
            self.sloppy.append(f"{method} {path} without a minorversion")
        try:
            if stale:
                raise RefusalError("5010", "Stale Object Error")
            found = self._done(method, name.lower(), number, bool(send), query, headers, body)
        except RefusalError as refusal:
            return self._fault(refusal, headers)
        if isinstance(found, bytes):
            return Answer(200, found)
        return self._shown(found, headers)

    def _over(self) -> bool:
        """Whether the limits are passed; the request counts either way."""
        while self.recent and self.now - self.recent[0] >= timedelta(minutes=1):
            self.recent.popleft()
        self.recent.append(self.now)
        second = sum(self.now - at < timedelta(seconds=1) for at in self.recent)
        return self.limits and (second > PER_SECOND or len(self.recent) > PER_MINUTE)

    # -- answers --------------------------------------------------------------------------------

    def _shown(self, found: Entity, headers: Mapping[str, str], status: int = 200) -> Answer:
        if "json" not in headers.get("Accept", ""):
            text = f"<IntuitResponse><!-- {escape(repr(found))} --></IntuitResponse>"
            return Answer(status, text.encode(), {"Content-Type": "application/xml"})
        return Answer(status, _encode({**found, "time": self._time()}))

    def _time(self) -> str:
        return self.now.astimezone(self.books.zone).isoformat(timespec="milliseconds")

    def _fault(
        self, refusal: RefusalError, headers: Mapping[str, str], kind: str = "ValidationFault"
    ) -> Answer:
        return self._shown({"Fault": _fault(refusal, kind)}, headers, refusal.status)

    def _unknown_token(self) -> Answer:
        why = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
        fault = {"error": [{"message": why, "detail": "", "code": "3200", "element": None}],
                 "type": "AUTHENTICATION"}  # fmt: skip
        body = {"warnings": None, "intuitObject": None, "fault": fault, "report": None}
        return Answer(401, _encode(body), {
            "WWW-Authenticate": 'Bearer realm="Intuit", error="invalid_token"',
        })  # fmt: skip

    # -- tokens ---------------------------------------------------------------------------------

    def grant(self) -> Entity:
        """A new pair of tokens; the old refresh token is worth nothing from now on."""
        self.drawn += 1
        self.refresh, access = f"refresh-{self.drawn}", f"access-{self.drawn}"
        self.access[access] = self.now + timedelta(hours=1)
        return {"access_token": access, "refresh_token": self.refresh, "token_type": "bearer",
                "expires_in": 3600, "x_refresh_token_expires_in": 8640000}  # fmt: skip

    def _oauth(self, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        form = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if headers.get("Authorization") != f"Basic {basic}":
            return Answer(401, _encode({"error": "invalid_client"}))
        if path == REVOKE:
            self.refresh = "revoked"
            self.access.clear()
            return Answer(200, b"")
        right = form.get("refresh_token") == self.refresh
        if form.get("grant_type") == "authorization_code":
            right = self.codes.pop(form.get("code", ""), None) is not None
        if not right:
            why = "Incorrect or invalid refresh token"
            return Answer(400, _encode({"error": "invalid_grant", "error_description": why}))
        self.refreshed += 1
        return Answer(200, _encode(self.grant()))

    # -- operations -----------------------------------------------------------------------------

    def _done(
        self, method: str, name: str, number: str | None, send: bool,
        query: Mapping[str, str], headers: Mapping[str, str], body: bytes,
    ) -> Entity | bytes:  # fmt: skip
        if name == "query":
            plain = headers.get("Content-Type", "").startswith("application/text")
            if method == "POST" and not plain:
                raise RefusalError("2010", "Cannot consume content type")
            asked = body.decode() if method == "POST" else query.get("query", "")
            self.metered += 1
            return {"QueryResponse": self._queried(asked, query)}
        if name == "cdc":
            kinds = [kind for kind in query.get("entities", "").split(",") if kind]
            found = self.books.changes(kinds, utc(query.get("changedSince", "")))
            self.metered += 1
            return {"CDCResponse": [{"QueryResponse": found}]}
        if method == "GET":
            if name == "companyinfo":
                self.metered += 1
                return {"CompanyInfo": self.books.company}
            kind = KINDS.get(name)
            if kind is None or number is None:
                raise RefusalError("2010", "Unsupported Operation")
            self.metered += 1
            return {kind: self.books.read(kind, number)}
        return self._once(name, number, send, query, headers, body)

    def _queried(self, asked: str, query: Mapping[str, str]) -> Entity:
        try:
            found = self.books.query(
                asked, missing=self.missing, longest=self.longest, extra=self.extra
            )
            if self.books.links and query.get("include") == "invoiceLink":
                for row in found.get("Invoice", ()):
                    row["InvoiceLink"] = self.books.links + row["Id"]
            return found
        except RefusalError:
            self.metered -= 1  # only what succeeds is counted
            raise

    def _once(
        self, name: str, number: str | None, send: bool,
        query: Mapping[str, str], headers: Mapping[str, str], body: bytes,
    ) -> Entity | bytes:  # fmt: skip
        """A write: the same requestid again gets the first answer and does nothing."""
        name_of_it = query.get("requestid", "")
        self.writes.append(f"POST {name}{'/send' if send else ''}")
        if not name_of_it:
            self.sloppy.append(f"a write to {name} without a requestid")
        if len(name_of_it) > 50:
            raise RefusalError("4001", "requestid exceeds 50 characters")
        what = hashlib.sha256(f"{name}/{number}/{send}/".encode() + body).hexdigest()
        if name_of_it in self.replies:
            known, reply = self.replies[name_of_it]
            if known != what:
                raise RefusalError("600", "Duplicate requestid for another request")
            return reply
        found = self._written(name, number, send, query, headers, body)
        reply = _encode({**found, "time": self._time()})
        if name_of_it:
            self.replies[name_of_it] = (what, reply)
        return reply

    def _written(
        self, name: str, number: str | None, send: bool,
        query: Mapping[str, str], headers: Mapping[str, str], body: bytes,
    ) -> Entity:  # fmt: skip
        if send:
            if headers.get("Content-Type", "") != "application/octet-stream":
                json_like = headers.get("Content-Type", "").startswith("application/json")
                raise RefusalError("10000" if json_like else "2010", "Cannot consume content type",
                              500 if json_like else 400)  # fmt: skip
            return {"Invoice": self.books.send(number or "", query.get("sendTo", ""))}
        try:
            given = json.loads(body, parse_float=Decimal)
        except ValueError:
            raise RefusalError("2010", "Invalid JSON") from None
        given = _decimals(given)
        if name == "batch":
            return self._batch(given)
        kind = KINDS.get(name)
        if kind is None:
            raise RefusalError("2010", "Unsupported Operation")
        return {kind: self._saved(kind, given, query.get("operation", ""))}

    def _saved(self, kind: str, given: Entity, operation: str) -> Entity:
        if operation == "delete":
            self.books.delete(kind, str(given["Id"]))
            return {"status": "Deleted", "Id": given["Id"]}
        if operation == "void":
            return self.books.void(str(given["Id"]))
        return self.books.update(kind, given) if "Id" in given else self.books.create(kind, given)

    def _batch(self, given: Entity) -> Entity:
        """Each item for itself: its own fault under HTTP 200, its own count."""
        items = given.get("BatchItemRequest", [])
        if len(items) > BATCH_ITEMS:
            raise RefusalError("1040", "BatchItemRequest count exceeds the limit")
        answers: list[Entity] = []
        for item in items:
            answer: Entity = {"bId": item["bId"]}
            try:
                if "Query" in item:
                    answer["QueryResponse"] = self.books.query(item["Query"])
                    self.metered += 1
                else:
                    kind = next(name for name in item if name in KINDS.values())
                    answer[kind] = self._saved(kind, item[kind], item.get("operation", ""))
            except RefusalError as refusal:
                answer["Fault"] = _fault(refusal, "ValidationFault")
            answers.append(answer)
        return {"BatchItemResponse": answers}


def _fault(refusal: RefusalError, kind: str) -> Entity:
    error = {"Message": str(refusal), "Detail": str(refusal), "code": refusal.code}
    if refusal.element:
        error["element"] = refusal.element
    return {"Error": [error], "type": kind}


def _decimals(value: Any) -> Any:
    """Amounts as exact numbers, whole ones too."""
    if isinstance(value, dict):
        return {
            name: Decimal(inner) if name in ("Amount", "TotalAmt") else _decimals(inner)
            for name, inner in value.items()
        }
    return [_decimals(inner) for inner in value] if isinstance(value, list) else value
