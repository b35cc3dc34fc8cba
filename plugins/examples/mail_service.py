"""A channel: messages leave through the web interface of a mail service, each under its key.

In `dunwell.toml`:

    [channels.email]
    via = "mail_service"
    url = "https://mail.example/v1"
    from = "ar@acme.example"

The token is a secret: DUNWELL_MAIL_SERVICE_TOKEN, or `mail_service.token` in the system keyring.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from dunwell.errors import (
    NOWHERE,
    AdapterError,
    ConfigurationError,
    DeniedError,
    Problem,
    UnansweredError,
    UnavailableError,
)
from dunwell.hooks import ChannelPlugin, Settings, hookimpl
from dunwell.log.entry import Result
from dunwell.log.keys import address_hash
from dunwell.port import Channel, Delivery, Found, Sending

TIMEOUT = 30  # seconds for one answer


@hookimpl
def dunwell_channels() -> Sequence[ChannelPlugin]:
    """`via = "mail_service"` for the channel `email`."""
    return [ChannelPlugin("mail_service", "email", open_service)]


def open_service(settings: Settings) -> Channel:
    """The channel of a table `[channels.email]`; a ConfigurationError says what is wrong in it."""
    values = {"from": "", "url": "", **settings.values}
    for name in ("url", "from"):
        if not values[name]:
            raise ConfigurationError(f"the setting '{name}' is missing")
    token = settings.secret("token")
    if not token:
        raise ConfigurationError("the secret 'token' is missing: set DUNWELL_MAIL_SERVICE_TOKEN")
    return MailService(str(values["url"]).rstrip("/"), str(values["from"]), token)


@dataclass(slots=True)
class MailService:
    """Not blind: the service knows a message by its key, and takes each key once."""

    url: str
    sender: str
    token: str
    name: str = "mail_service"
    blind: bool = False

    def check(self) -> Sequence[Problem]:
        """Ask for an account, send nothing."""
        try:
            self._ask("GET", "/account")
        except AdapterError as error:
            return [Problem(NOWHERE, str(error))]
        return []

    def send(self, sendings: Sequence[Sending]) -> Sequence[Result]:
        """Send each once; one answer each, in order.

        Before the first message an error may be raised: nothing was sent. Afterwards it is the
        answer for the message that it happened to, for the others have theirs.
        """
        results: list[Result] = []
        for sending in sendings:
            try:
                results.append(self._send(sending))
            except UnansweredError as error:
                results.append(Result(sending.key, "unknown", detail=str(error)))
            except AdapterError as error:
                if not results:
                    raise
                results.append(Result(sending.key, "failed", "later", detail=str(error)))
        return results

    def _send(self, sending: Sending) -> Result:
        message = sending.message
        mail = {
            "key": sending.key,
            "debtor": sending.debtor,  # comes back with its events
            "from": self.sender,
            "to": message.address,
            "subject": message.subject,
            "text": message.text,
            "html": message.html,
            "reply_to": message.reply_to,
            "attachments": [
                {"name": a.name, "type": a.type, "text": a.text} for a in message.attachments
            ],
        }
        status, _ = self._ask("POST", "/messages", mail)
        if status == HTTPStatus.CONFLICT:
            return Result(sending.key, "already_done", delivery="accepted")
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return Result(sending.key, "failed", "never", "refused", "the address is refused")
        return Result(sending.key, "done", delivery="accepted")

    def look_up(self, keys: Sequence[str]) -> Sequence[Found]:
        """Whether the service has messages under these keys."""
        return [self._found(key) for key in keys]

    def _found(self, key: str) -> Found:
        try:
            status, _ = self._ask("GET", f"/messages/{quote(key)}")
        except UnansweredError:
            return Found.CANNOT_TELL
        return Found.ABSENT if status == HTTPStatus.NOT_FOUND else Found.PRESENT

    def outcomes(self, *, since: date) -> Sequence[Delivery]:
        """What the service heard of messages since a day."""
        _, said = self._ask("GET", f"/events?since={since.isoformat()}")
        return [
            Delivery(
                key=event["key"],
                debtor=event["debtor"],
                delivery=event["what"],
                address_hash=address_hash("email", event["to"]),
                on=date.fromisoformat(event["on"]),
                detail=event.get("why", ""),
            )
            for event in said
        ]

    def close(self) -> None:
        """Nothing is held open."""

    def _ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """One call; what it raises says whether it may have been done."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data, headers, method=method)
        try:
            with urlopen(request, timeout=TIMEOUT) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            error.close()
            if error.code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                remedy = "ask for a new token"
                raise DeniedError("the mail service refuses the token", remedy=remedy) from error
            if error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
                return error.code, None
            raise UnansweredError(f"the mail service failed with {error.code}") from error
        except URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                raise UnavailableError("the mail service cannot be reached") from error
            raise UnansweredError(f"no answer of the mail service: {error.reason}") from error
        except (OSError, ValueError) as error:
            raise UnansweredError(f"no answer of the mail service: {error}") from error
