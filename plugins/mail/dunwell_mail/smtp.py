"""A channel that hands messages to a mail server, and reads what comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from dunwell.errors import NOWHERE, AdapterError, Problem
from dunwell.hooks import Settings
from dunwell.log.entry import Result
from dunwell.port import Channel, Delivery, Found, Sending
from dunwell_mail.address import plain_address
from dunwell_mail.bounces import read_bounces
from dunwell_mail.compose import UnsendableError, as_bytes, compose
from dunwell_mail.folder import utc_now
from dunwell_mail.settings import Smtp, read_smtp
from dunwell_mail.wire import Answer, BrokenError, Step, Wire, connect

Secret = Callable[[str], str | None]


@dataclass(slots=True)
class SmtpChannel:
    """One connection for as long as it lasts; blind, as SMTP cannot be asked what it has.

    Whatever happens, a message is handed over at most once under its key.
    """

    settings: Smtp
    secret: Secret = field(default=lambda name: None, repr=False)
    clock: Callable[[], datetime] = utc_now
    name: str = "smtp"
    blind: bool = True
    _wire: Wire | None = field(default=None, init=False, repr=False)
    _answered: dict[str, Result] = field(default_factory=dict, init=False, repr=False)

    def check(self) -> Sequence[Problem]:
        """Connect and log in, without any message."""
        problems = []
        bounces = self.settings.bounces
        if bounces is not None and not bounces.exists():
            hint = "a Maildir, an mbox file, or a folder of .eml files"
            problems.append(Problem(NOWHERE, "'bounces' names nothing that is there", hint))
        try:
            connect(self.settings, self.secret("password")).close()
        except AdapterError as error:
            problems.append(Problem(NOWHERE, str(error)))
        return problems

    def send(self, sendings: Sequence[Sending]) -> Sequence[Result]:
        """Hand each message over once; one answer each, in order.

        Raises what `connect` raises if the server cannot be used before the first message: then
        nothing was sent. Later on, the rest fail and may be tried again.
        """
        results: list[Result] = []
        for sending in sendings:
            try:
                results.append(self._once(sending))
            except AdapterError as error:
                if not results:
                    raise
                results.append(Result(sending.key, "failed", "later", detail=str(error)))
        return results

    def look_up(self, keys: Sequence[str]) -> Sequence[Found]:
        """A mail server cannot be asked."""
        return [Found.CANNOT_TELL for _ in keys]

    def outcomes(self, *, since: date) -> Sequence[Delivery]:
        """What came back to the folder of bounces since a day."""
        place = self.settings.bounces
        if place is None or not place.exists():
            return ()
        return read_bounces(place, domain=self.settings.sender.domain, since=since)

    def close(self) -> None:
        """End the connection; safe to call twice."""
        wire, self._wire = self._wire, None
        if wire is not None and wire.open:
            wire.close()

    def _once(self, sending: Sending) -> Result:
        before = self._answered.get(sending.key)
        if before is not None:
            if before.status == "done":
                return Result(sending.key, "already_done", delivery="accepted")
            return before
        result = self._send(sending)
        if result.status in ("done", "unknown"):
            self._answered[sending.key] = result
        return result

    def _send(self, sending: Sending) -> Result:
        try:
            mail = as_bytes(compose(sending, self.settings.sender, at=self.clock()))
        except UnsendableError as error:
            return Result(sending.key, "failed", "never", "refused", str(error))
        address = plain_address(sending.message.address) or ""
        sender = self.settings.return_path or self.settings.sender.address
        for _ in range(2):
            wire = self._connection()
            seasoned = wire.answered
            try:
                answer = wire.deliver(sender, address, mail, sending.key)
            except BrokenError as error:
                # The server hung up while we were idle: nothing of this message was said.
                if error.step is Step.SENDER and seasoned:
                    continue
                return _broken(sending.key, error)
            if answer.step is Step.SENDER and answer.code == 421 and seasoned:
                continue  # its goodbye while we were idle
            return judge(sending.key, answer)
        return Result(sending.key, "failed", "later", detail="the connection broke twice")

    def _connection(self) -> Wire:
        if self._wire is None or not self._wire.open:
            self._wire = connect(self.settings, self.secret("password"))
        return self._wire


def open_smtp(settings: Settings) -> Channel:
    """The SMTP channel, not connected yet; a ConfigurationError says which setting is wrong."""
    return SmtpChannel(read_smtp(settings), settings.secret)


def judge(key: str, answer: Answer) -> Result:
    """What an answer means, by its codes alone.

    Only a refusal of the recipient for a reason of the address makes the address bad. A refusal by
    policy (5.7.x: relaying, a block list) or of the sender says nothing about it.
    """
    if answer.code // 100 == 2:
        return Result(key, "done", delivery="accepted")
    if answer.code // 100 != 5:
        return Result(key, "failed", "later", detail=answer.words)
    if answer.step is Step.SENDER:
        reason = "never" if answer.code == 552 else "later"  # 552: this message is too large
        return Result(key, "failed", reason, detail=answer.words)
    about_address = answer.enhanced.startswith("5.1.") or (
        answer.step is Step.RECIPIENT and not answer.enhanced.startswith("5.7.")
    )
    if answer.code in (503, 530):  # we were expected to log in: a matter of configuration
        return Result(key, "failed", "later", detail=answer.words)
    return Result(key, "failed", "never", "refused" if about_address else "", answer.words)


def _broken(key: str, error: BrokenError) -> Result:
    if error.step is Step.END:
        return Result(key, "unknown", detail=str(error))
    return Result(key, "failed", "later", detail=str(error))
