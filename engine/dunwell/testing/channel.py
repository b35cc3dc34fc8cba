"""A channel in memory: keeps what was sent and can be told how addresses behave."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import date
from typing import Literal

from dunwell.errors import Problem, UnavailableError
from dunwell.log.entry import Result
from dunwell.log.keys import address_hash
from dunwell.port import Delivery, Found, Sending

Behaviour = Literal["deliver", "bounce", "refuse", "unknown", "lost"]


class MemoryChannel:
    """Keeps every message that left in `sent`, in order.

    `behave[address]`: `bounce` is accepted and comes back as an outcome of the day `on`;
    `refuse` is turned away at the door; `unknown` left, `lost` did not, and for both nobody can
    tell. While `down` nothing is sent. A `blind` channel knows no keys: it cannot be asked, and
    sends again when told to.
    """

    def __init__(
        self, name: str = "email", *, blind: bool = False, on: date | None = None
    ) -> None:
        self.name = name
        self.blind = blind
        self.on = on or date(2026, 3, 2)
        self.down = False
        self.behave: dict[str, Behaviour] = {}
        self.sent: list[Sending] = []
        self._known: set[str] = set()
        self._deliveries: list[Delivery] = []
        self._lock = threading.RLock()

    def check(self) -> Sequence[Problem]:
        """All is well."""
        return ()

    def send(self, sendings: Sequence[Sending]) -> Sequence[Result]:
        """Send each; raises `UnavailableError` while down."""
        with self._lock:
            if self.down:
                raise UnavailableError(f"channel '{self.name}' is down")
            return [self._send(sending) for sending in sendings]

    def _send(self, sending: Sending) -> Result:
        key, address = sending.key, sending.message.address
        behaviour = self.behave.get(address, "deliver")
        if key in self._known and not self.blind:
            return Result(key, "already_done", delivery="accepted")
        if behaviour == "refuse":
            return Result(key, "failed", "never", delivery="refused", detail="no such mailbox")
        if behaviour != "lost":
            self._known.add(key)
            self.sent.append(sending)
        if behaviour in ("unknown", "lost"):
            return Result(key, "unknown", detail="the answer was lost")
        if behaviour == "bounce":
            self.bounce(sending)
        return Result(key, "done", delivery="accepted")

    def bounce(self, sending: Sending, detail: str = "mailbox full") -> None:
        """Let a message that was sent come back."""
        self._say(sending, "bounced", detail)

    def deliver(self, sending: Sending) -> None:
        """Let it become known that a message arrived."""
        self._say(sending, "delivered", "")

    def _say(self, sending: Sending, what: Literal["delivered", "bounced"], detail: str) -> None:
        hashed = address_hash(self.name, sending.message.address)
        word = Delivery(sending.key, sending.debtor, what, hashed, self.on, detail)
        with self._lock:
            self._deliveries.append(word)

    def look_up(self, keys: Sequence[str]) -> Sequence[Found]:
        """Whether messages left; a blind channel cannot tell."""
        with self._lock:
            if self.blind:
                return [Found.CANNOT_TELL for _ in keys]
            return [Found.PRESENT if key in self._known else Found.ABSENT for key in keys]

    def outcomes(self, *, since: date) -> Sequence[Delivery]:
        """Bounces and deliveries since a day."""
        with self._lock:
            return [word for word in self._deliveries if word.on >= since]

    def close(self) -> None:
        """Nothing to let go of."""
