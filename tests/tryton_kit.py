"""The harness of a real Tryton: people, adapters, and what goes wrong on the line."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from dunwell.errors import UnansweredError
from dunwell.port import Adapter
from dunwell.testing.contract import Harness
from dunwell_tryton.adapter import TrytonAdapter
from dunwell_tryton.client import Client

from tests.tryton_people import Clerks
from tests.tryton_relay import Trouble, relayed
from tests.tryton_server import PASSWORD, ZONE, Server

GRACE = timedelta(seconds=4)
SHORT = 0.3
"""Seconds of patience with a relay that answers late; it ends only when Tryton has answered it."""
PAGE = 20


class Line:
    """What all clients of one harness share: the clock's shift, the calls, what goes wrong."""

    def __init__(self) -> None:
        self.shift = timedelta()
        self.calls = 0
        self.down = False
        self.lose = False
        self.trouble: tuple[Trouble, bool] | None = None  # and whether only for a change


class Watched(Client):
    """A client on such a line."""

    def __init__(self, line: Line, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.line = line

    @property
    def now(self) -> Any:
        """Tryton's clock, moved."""
        self.shift = self.line.shift
        return super().now

    def _post(self, path: str, body: bytes, changes: bool) -> http.client.HTTPResponse:
        self.line.calls += 1
        if self.line.down:
            self._host = "127.0.0.1:9"  # nobody listens
        trouble, self.line.trouble = self.line.trouble, None
        if trouble is None or (trouble[1] and not changes):
            self.line.trouble = trouble
            return super()._post(path, body, changes)
        straight, patience = self._host, self._patience
        with relayed(straight, trouble[0]) as self._host:
            self._patience = SHORT if trouble[0] == "late" else patience
            try:
                return super()._post(path, body, changes)
            finally:
                self._host, self._patience = straight, patience

    def _read(self, answer: http.client.HTTPResponse, changes: bool) -> bytes:
        text = super()._read(answer, changes)
        if changes and self.line.lose:
            self.line.lose = False
            raise UnansweredError("the answer was lost")
        return text


class TrytonHarness(Harness):
    """One database, put back to what it was; `user` is whom the adapter logs in as.

    Without `invoices` what is owed are entries in the books, as opening balances are: to post an
    invoice takes Tryton half a second.
    """

    page_rows = PAGE
    batch_rows = PAGE

    def __init__(
        self, server: Server, database: str, *, user: str = "dunwell", invoices: bool = True
    ) -> None:
        self.server, self.database, self.user, self.invoices = server, database, user, invoices
        server.reset(database)
        self.line, self.zone = Line(), ZONE
        self._session: tuple[str, dict[str, Any]] = ("", {})
        self.desk = Client(server.url, database, "admin", PASSWORD)
        self._share(self.desk)
        self.people = self.clerks = Clerks(
            self.desk, self.today, module=database == "module", books=server.books
        )
        self.clerks.invoices = invoices

    def anew(self) -> TrytonHarness:
        """The same, put back."""
        return TrytonHarness(self.server, self.database, user=self.user, invoices=self.invoices)

    def today(self) -> date:
        """Today for the company in Tryton, by its clock and ours."""
        if not self.desk.calls:
            self.desk.clock()
        return (self.desk.now + self.line.shift).astimezone(self.zone).date()

    def _share(self, client: Client) -> None:
        """One session for all clients: to log in takes a second of hashing."""
        kept = self.server.sessions.get(f"{self.database}/{client.user}")
        if kept is None:
            assert client.context
            self.server.keep(self.database, client.user, client._session, client._context)
            kept = self.server.sessions[f"{self.database}/{client.user}"]
        client._session, client._context = kept

    def client(self) -> Client:
        """A new client."""
        made = Watched(
            self.line, self.server.url, self.database, self.user, secret(self.user),
            page=self.page_rows,
        )  # fmt: skip
        calls = self.line.calls
        self._share(made)
        self.line.calls = calls
        return made

    def open(self) -> Adapter:
        return TrytonAdapter(self.client(), grace=GRACE, customer_type="business")

    def calls(self) -> int:
        return self.line.calls

    def crowd(self, customers: int) -> None:
        self.clerks.crowd(self._crowd, customers)
        self._crowd += customers

    def pass_time(self, span: timedelta) -> None:
        self.line.shift += span

    def live_in(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)
        change = {"timezone": timezone}
        company = self.desk.context["company"]
        self.desk.call("model.company.company.write", [company], change, changes=True)

    def elsewhere(self) -> Callable[[], Adapter]:
        return partial(open_elsewhere, self.server.url, self.database, self.user)

    def disconnect(self) -> None:
        self.line.down = True

    def lose_answer(self) -> None:
        self.line.lose = True

    def answer_late(self, *, change: bool = False) -> None:
        self.line.trouble = ("late", change)

    def answer_nonsense(self, *, change: bool = False) -> None:
        self.line.trouble = ("nonsense", change)

    def open_as_stranger(self) -> Adapter:
        return TrytonAdapter(Client(self.server.url, self.database, "admin", "wrong"))


def open_elsewhere(url: str, database: str, user: str) -> Adapter:
    """The adapter in another process."""
    return TrytonAdapter(Client(url, database, user, secret(user)))


def secret(user: str) -> str:
    """The password that `scripts/tryton` gives a user."""
    return PASSWORD if user == "admin" else f"{user}-secret-1"
