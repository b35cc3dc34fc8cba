"""What an Odoo answers when it does not do what it was asked, as errors of the port.

Judged by the name of the exception and the status, never by the text: that is translated, and may
hold what is in the books.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from dunwell.errors import (
    AdapterError,
    ConfigurationError,
    ContractBrokenError,
    DeniedError,
    UnansweredError,
    UnavailableError,
)
from dunwell_odoo.rights import who_grants

NEW_KEY = (
    "make a new one as that user in Odoo: My Profile, Account Security, New API Key; "
    "then put it in DUNWELL_ODOO_API_KEY or the keyring"
)


class RefusedError(ContractBrokenError):
    """Odoo understood and said no: the transaction was rolled back, nothing was done.

    `name` is the exception's; `said` its text for people, which may hold what is in the books, so
    it is not part of the message.
    """

    def __init__(self, message: str, *, name: str = "", said: str = "") -> None:
        self.name, self.said = name, said
        super().__init__(message)


class GoneError(RefusedError):
    """A record that was named does not exist any more."""


class BusyError(UnavailableError):
    """Somebody else changed the same records at the same moment: rolled back, nothing was done."""


class NotThereError(ConfigurationError):
    """What answers at the address is no Odoo, or has not this database; nothing was done."""


class BrokenError(UnansweredError):
    """No answer that can be read came back: it may have been done or not."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, as far as an error may tell of it. `reads`: it changes nothing."""

    model: str
    method: str
    reads: bool = False

    def __str__(self) -> str:
        return f"{self.model}.{self.method}"


_CONCURRENT = (
    "psycopg2.errors.SerializationFailure",
    "psycopg2.errors.DeadlockDetected",
    "psycopg2.errors.LockNotAvailable",
    "psycopg2.errors.TransactionRollback",
    "odoo.exceptions.ConcurrencyError",
    "odoo.exceptions.LockError",
)
_AFTER_COMMIT = ("message_post", "send_mail", "action_send_mail", "action_send_sms")
"""Methods that go on after the commit: whatever they say, it may have been done."""

_NO_DATABASE = ("psycopg2.OperationalError", "psycopg2.InterfaceError", "psycopg2.pool.PoolError")


def of_exception(asked: Asked, data: Mapping[str, object]) -> AdapterError:
    """The error for an exception that Odoo names: `data` has its `name` and `message`."""
    name, said = str(data.get("name") or ""), str(data.get("message") or "")
    short = name.rpartition(".")[2] or "an error without a name"
    if name == "odoo.exceptions.AccessDenied":
        return DeniedError("Odoo refuses the login or the key, or it has expired", remedy=NEW_KEY)
    if name == "odoo.exceptions.AccessError":
        message = f"the user of the key may not call {asked}"
        return DeniedError(message, remedy=who_grants(asked.model, asked.method))
    if name == "odoo.exceptions.MissingError":
        return GoneError(f"a record of {asked.model} is gone", name=name, said=said)
    if name in _CONCURRENT:
        if asked.method in _AFTER_COMMIT:
            return BrokenError(f"Odoo was stopped by a concurrent change during {asked}")
        return BusyError(f"others changed the same records during {asked}")
    if name in _NO_DATABASE or name.startswith("odoo.sql_db."):
        message = f"Odoo cannot reach its database ({short})"
        return UnavailableError(message) if asked.reads else BrokenError(message)
    return RefusedError(f"Odoo refused {asked}: {short}", name=name, said=said)


def of_status(asked: Asked, status: int, location: str, base: str) -> AdapterError:
    """The error for an answer that is not Odoo's own: a proxy, a page, a wrong address."""
    if 300 <= status < 400:
        message = f"{base} sends on to {location or 'another address'}"
        return ConfigurationError(f"{message} (write in 'url' where Odoo itself answers)")
    if status in (401, 403, 407):
        return DeniedError(
            f"what stands before Odoo at {base} answers {status}",
            remedy="let this machine through, or correct 'url' and 'proxy'",
        )
    if status == HTTPStatus.NOT_FOUND:
        return NotThereError(f"there is no Odoo at {base} (correct 'url')")
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return ConfigurationError(
            f"the proxy before {base} takes no requests of this size "
            "(raise its limit, such as client_max_body_size)"
        )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return UnavailableError(f"{base} answers 429: too many requests")
    what = "a page instead of data" if status == HTTPStatus.OK else f"{status}"
    message = f"{base} answered {asked} with {what}"
    return UnavailableError(message) if asked.reads else BrokenError(message)
