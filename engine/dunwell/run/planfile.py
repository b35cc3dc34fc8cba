"""The plan as a file: one line per account, sorted, closed by a digest that shows tampering."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import msgspec

from dunwell.command import UNCOUNTED, AccountPlan, Amount, Value
from dunwell.errors import DunwellError

FORMAT = 1


class StoppedError(DunwellError):
    """Nothing was done: a limit, a stale plan or an altered one."""


class Header(Value, frozen=True, tag="header", tag_field="line"):
    """The first line: whose plan, for which day, made from what, and how much it does."""

    format: int
    tenant: str
    system: str
    on: date
    made: datetime
    expires: datetime
    digests: dict[str, str]
    counts: dict[str, int]
    money: tuple[Amount, ...]
    over: tuple[str, ...] = ()  # the limits that it exceeds, in words
    reader: str = ""
    problems: tuple[str, ...] = ()
    only: str = ""


class Line(Value, frozen=True, tag="account", tag_field="line"):
    """One account."""

    plan: AccountPlan


class Close(Value, frozen=True, tag="end", tag_field="line"):
    """The last line: how many accounts, and the digest of everything above."""

    accounts: int
    digest: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All commands of a run."""

    header: Header
    accounts: tuple[AccountPlan, ...]

    @property
    def digest(self) -> str:
        """A short name of the whole plan."""
        return _digest(_body(self))


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Header | Line | Close)


def _body(plan: Plan) -> bytes:
    lines = [_encoder.encode(plan.header)]
    lines += [_encoder.encode(Line(account)) for account in plan.accounts]
    return b"\n".join(lines) + b"\n"


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def counted(accounts: tuple[AccountPlan, ...]) -> dict[str, int]:
    """How many commands of each kind, how many count against limits, and accounts with one."""
    counts: dict[str, int] = {}
    limited = touched = 0
    for account in accounts:
        for command in account.commands:
            counts[command.kind] = counts.get(command.kind, 0) + 1
            limited += command.kind not in UNCOUNTED
        touched += any(c.kind not in UNCOUNTED for c in account.commands)
    waiting = sum(len(account.waiting) for account in accounts)
    return {**dict(sorted(counts.items())), "commands": limited, "accounts": touched,
            "waiting": waiting}  # fmt: skip


def write(plan: Plan, path: Path) -> None:
    """Write the plan, readable only for its owner (mode 0600), whole or not at all."""
    body = _body(plan)
    close = _encoder.encode(Close(len(plan.accounts), _digest(body))) + b"\n"
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(body)
            file.write(close)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        error.filename, error.filename2 = str(path), None  # the draft is none of the user's
        raise
    finally:
        draft.unlink(missing_ok=True)


def load(path: Path) -> Plan:
    """Read a plan; raises `StoppedError` when it was altered, cut off or is of another format."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoppedError(f"{path}: the plan cannot be read: {error.strerror}") from error
    try:
        parts = [_decoder.decode(line) for line in data.removesuffix(b"\n").split(b"\n")]
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise StoppedError(f"{path}: this is no plan, or it was altered: {error}") from error
    header, close, lines = parts[0], parts[-1], parts[1:-1]
    if not isinstance(header, Header) or not isinstance(close, Close) or len(parts) < 2:
        raise StoppedError(f"{path}: the plan is not whole; make it again")
    if header.format != FORMAT:
        raise StoppedError(f"{path}: the plan has format {header.format}, not {FORMAT}")
    plan = Plan(header, tuple(line.plan for line in lines if isinstance(line, Line)))
    if len(plan.accounts) != close.accounts or len(lines) != close.accounts:
        raise StoppedError(f"{path}: the plan was altered: an account is missing or added")
    body = _body(plan)
    if _digest(body) != close.digest or data != body + _encoder.encode(close) + b"\n":
        raise StoppedError(f"{path}: the plan was altered after it was made")
    return plan


def refuse(
    plan: Plan, *, tenant: str, on: date, now: datetime, digests: Mapping[str, str]
) -> None:
    """Raise `StoppedError` where a plan must not be applied here and now."""
    header = plan.header
    if header.tenant != tenant:
        raise StoppedError(f"this plan was made for '{header.tenant}', and this is '{tenant}'")
    if header.on != on:
        raise StoppedError(
            f"this plan is of {header.on} and today is {on} in the ERP; make a new one"
        )
    if now >= header.expires:
        raise StoppedError(f"this plan expired at {header.expires:%Y-%m-%d %H:%M} UTC")
    changed = sorted(
        name
        for name in {*header.digests, *digests}
        if header.digests.get(name) != digests.get(name)
    )
    if changed:
        raise StoppedError(f"{', '.join(changed)} changed since the plan was made")
    if header.over:
        raise StoppedError("the plan exceeds a limit: " + "; ".join(header.over))
