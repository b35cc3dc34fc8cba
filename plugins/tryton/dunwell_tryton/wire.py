"""The words of Tryton's JSON-RPC: its types, and its errors in the words of the port."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from dunwell.errors import AdapterError, ConfigurationError, ContractBrokenError, DeniedError

Record = dict[str, Any]
"""One record of a model as Tryton answers it: dotted fields are nested under `name.`."""


class ConflictError(AdapterError):
    """Somebody else wrote the record in between; nothing was done."""


class RefusedError(AdapterError):
    """Tryton's own rules do not allow it; nothing was done. The message is for people.

    `warning` names one that a person may skip.
    """

    def __init__(self, message: str, *, warning: str = "") -> None:
        self.warning = warning
        super().__init__(message)


def encode(value: object) -> bytes:
    """A request as Tryton reads it."""
    return json.dumps(value, default=_typed).encode()


def _typed(value: object) -> object:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, bytes):
        import base64

        return {"__class__": "bytes", "base64": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        parts = {"hour": at.hour, "minute": at.minute, "second": at.second}
        return {**_day(at), **parts, "microsecond": at.microsecond, "__class__": "datetime"}
    if isinstance(value, date):
        return _day(value)
    raise TypeError(f"Tryton has no {type(value).__name__}")


def _day(value: date) -> Record:
    return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}


def decode(text: bytes) -> Any:
    """An answer with its dates and decimals."""
    try:
        return json.loads(text, object_hook=_plain)
    except ValueError as error:
        raise ContractBrokenError("Tryton answered something that is no JSON") from error


def _plain(value: Record) -> object:
    kind = value.get("__class__")
    if kind == "Decimal":
        return Decimal(value["decimal"])
    if kind == "date":
        return date(value["year"], value["month"], value["day"])
    if kind == "datetime":
        return datetime(
            value["year"], value["month"], value["day"], value["hour"], value["minute"],
            value["second"], value["microsecond"], tzinfo=UTC,
        )  # fmt: skip
    if kind == "timedelta":
        return timedelta(seconds=value["seconds"])
    return value


def raise_error(error: list[Any], remedy: str) -> None:
    """Raise what an answer's `error` means; `remedy` is for what is denied."""
    kind = error[0] if error else ""
    if kind == "ConcurrencyException":
        raise ConflictError("the record was changed meanwhile")
    if kind in ("UserError", "UserWarning"):
        told = error[1]
        text = told[1] if kind == "UserWarning" else told[0]
        if "not allowed to access" in text or ("access" in text and "rule" in text):
            raise DeniedError(text, remedy=remedy)
        raise RefusedError(text, warning=told[0] if kind == "UserWarning" else "")
    if kind == "LoginException":
        raise DeniedError("Tryton wants another factor to log in", remedy="use a password user")
    if isinstance(kind, str) and "KeyError" in kind:
        raise ConfigurationError(f"Tryton lacks a module: {kind}")
    raise ContractBrokenError(f"Tryton failed: {str(kind)[:300]}")
