"""Deeds done call by call, where the server action is not there or not ours to run.

A note and a task are made under an external id that can be taken once. A card is written and then
told of by a note under the key; a message carries it as its Message-Id. So each can be found
afterwards; what is not found, and whose time is over, was not done: nothing begins so late that
Odoo may still be at work on it then.
"""

from __future__ import annotations

import random
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from dunwell.errors import UnavailableError
from dunwell.log.entry import ClaimBody, Entry, GarbledError, Result, decode
from dunwell.port import Found, Sought
from dunwell_odoo import codec
from dunwell_odoo.asking import EVERYTHING, Question, these
from dunwell_odoo.clock import Clock
from dunwell_odoo.door import BrokenError, Door, RefusedError
from dunwell_odoo.effects import Deed
from dunwell_odoo.installed import Installed
from dunwell_odoo.lines import link
from dunwell_odoo.log import Log
from dunwell_odoo.names import effect_id, message_id
from dunwell_odoo.sending import unlinked
from dunwell_odoo.traces import Traces

SLOW = timedelta(seconds=130)
"""How long Odoo may be at work on a call: its own limit is 120 s. Of a short lease it is half."""
NEVER = datetime.min.replace(tzinfo=UTC)
TRIES = 30
SIZE = 2_000

_KEY = re.compile(r'id="dunwell-([^"]+)"')
_GONE = re.compile(r"\[dunwell-gone \d+ \S+ \S+ (\S+)\]")
_NONCE = re.compile(r'title="([0-9a-f]{16})"')
NOTE = ("id", "model", "res_id", "body", "message_type", "message_id", "subtype_id/.id",
        "is_internal", "record_name", "reply_to")  # fmt: skip
TASK = ("id", "res_id", "activity_type_id/.id", "summary", "note", "date_deadline",
        "user_id/.id")  # fmt: skip


@dataclass(frozen=True, slots=True)
class ByHand:
    """Does deeds with the rights of the user alone."""

    door: Door
    installed: Installed
    clock: Clock
    log: Log
    traces: Traces

    def do(self, deeds: Sequence[Deed]) -> list[Result]:
        """Those that were done are not done again, nor those whose claim has ended."""
        kind = deeds[0].kind
        debtors = sorted({deed.effect.debtor for deed in deeds})
        done = self.traces.done([deed.key for deed in deeds], debtors, tasks=kind == "activity")
        claims = self._claims(debtors)
        now = self.clock.now()
        answers: dict[str, Result] = {}
        fresh = []
        for deed in deeds:
            if deed.key in done:
                answers[deed.key] = _said(deed, "already_done")
            elif now > _latest(deed, claims):
                why = "its claim has ended"
                answers[deed.key] = Result(deed.key, "skipped", "busy", detail=why)
            else:
                fresh.append(deed)
        ways: Mapping[str, Callable[[Sequence[Deed]], list[Result]]] = {
            "note": self._notes,
            "activity": self._tasks,
            "write": self._writes,
        }
        if kind == "post" and fresh:  # one after the other: the last may come too late
            until = {deed.key: _latest(deed, claims) for deed in fresh}
            answers |= {result.key: result for result in self._posts(fresh, until)}
        elif fresh:
            answers |= {result.key: result for result in ways[kind](fresh)}
        return [answers[deed.key] for deed in deeds]

    def look_up(self, sought: Sequence[Sought]) -> list[Found]:
        """By what deeds leave."""
        return self.traces.look_up(sought)

    def _claims(self, debtors: Sequence[str]) -> dict[str, Entry]:
        """The claims in force: with no outcome behind them."""
        found = {d: self.log.claims[d] for d in debtors if d in self.log.claims}
        others = [debtor for debtor in debtors if debtor not in found]
        heads = self.log.heads(others) if others else []
        for entry in sorted(heads, key=lambda entry: entry.position or 0):
            if entry.kind == "claim":
                found[entry.debtor] = entry
            elif entry.kind == "outcome":
                found.pop(entry.debtor, None)
        return found

    # -- making ---------------------------------------------------------------------------------

    def _notes(self, deeds: Sequence[Deed]) -> list[Result]:
        def row(deed: Deed, nonce: str) -> list[str]:
            values = deed.values
            return [
                effect_id(deed.key), values["model"], str(values["res_id"]),
                f'{values["body"]}<span title="{nonce}"></span>', values["message_type"],
                values["message_id"], str(values["subtype_id"]), "1", "", "",
            ]  # fmt: skip

        return self._loaded("mail.message", NOTE, deeds, row, "body", {})

    def _tasks(self, deeds: Sequence[Deed]) -> list[Result]:
        def row(deed: Deed, nonce: str) -> list[str]:
            values = deed.values
            told = values["note"].replace("<div id=", f'<div title="{nonce}" id=', 1)
            return [
                effect_id(deed.key), str(values["res_id"]), str(values["activity_type_id"]),
                values["summary"], told, values["date_deadline"], str(values["user_id"]),
            ]  # fmt: skip

        context = {"default_res_model": "res.partner", "mail_activity_quick_update": True}
        answers: list[Result] = []
        left = list(deeds)
        while left:  # Odoo 17 falls over two activities on one record in a batch
            batch = list({deed.record: deed for deed in reversed(left)}.values())
            answers += self._loaded("mail.activity", TASK, batch, row, "note", context)
            left = [deed for deed in left if deed not in batch]
        return answers

    def _loaded(
        self, model: str, columns: Sequence[str], deeds: Sequence[Deed],
        row: Callable[[Deed, str], list[str]], told: str, context: Mapping[str, object],
    ) -> list[Result]:  # fmt: skip
        """Import records under external ids: whoever's nonce stands there then has made it."""
        nonces = {deed.key: secrets.token_hex(8) for deed in deeds}
        rows = [row(deed, nonces[deed.key]) for deed in deeds]
        for attempt in range(TRIES):
            if attempt:
                time.sleep(random.uniform(0.005, 0.05) * min(attempt, 10))
            try:
                found = self.door.call(
                    model, "load", fields=list(columns), data=rows,
                    context={"noupdate": True, "mode": "update", **context},
                )  # fmt: skip
            except UnavailableError:
                if attempt:
                    continue
                raise
            if found["ids"]:
                domain = [["id", "in", found["ids"]]]
                there = self.log.ask.all(Question(model, domain, these(told), SIZE, EVERYTHING))
                by = {each["id"]: _nonce(each[told]) for each in there}
                return [
                    _said(
                        deed,
                        "done" if by.get(number) == nonces[deed.key] else "already_done",
                    )
                    for deed, number in zip(deeds, found["ids"], strict=True)
                ]
        if len(deeds) > 1:
            return [
                one
                for deed in deeds
                for one in self._loaded(model, columns, [deed], row, told, context)
            ]
        return [Result(deeds[0].key, "failed", "never", detail="Odoo does not take it")]

    def _writes(self, deeds: Sequence[Deed]) -> list[Result]:
        """One write for equal values, then a note under each key that tells of it."""
        groups: dict[str, list[Deed]] = {}
        for deed in deeds:
            groups.setdefault(repr(deed.values), []).append(deed)
        answers = []
        told = []
        for group in groups.values():
            try:
                ids = sorted({deed.record for deed in group})
                self.door.call("res.partner", "write", ids=ids, vals=dict(group[0].values))
            except RefusedError as error:
                answers += [
                    Result(deed.key, "failed", "later", detail=str(error)) for deed in group
                ]
            else:
                told += group
        if told:
            answers += self._notes([_marker(deed, self.installed.note) for deed in told])
        return answers

    def _posts(self, deeds: Sequence[Deed], until: Mapping[str, datetime]) -> list[Result]:
        answers = []
        for deed in deeds:
            if self.clock.now() > until[deed.key]:
                why = "its time was over"
                answers.append(Result(deed.key, "skipped", "busy", detail=why))
                continue
            try:
                given = {**deed.values, "body": self._linked(deed.values["body"])}
                self.door.call(
                    deed.model, "message_post", ids=[deed.record], context=deed.context, **given
                )
                answers.append(_said(deed, "done"))
            except RefusedError as error:
                answers.append(Result(deed.key, "failed", "later", detail=str(error)))
            except BrokenError as error:
                there = self.traces.done([deed.key], [deed.effect.debtor], tasks=False)
                if there:
                    answers.append(_said(deed, "done"))
                else:  # it may still come: the claim stays open until it can be told
                    answers.append(Result(deed.key, "unknown", detail=str(error)))
            except UnavailableError as error:
                if not answers:
                    raise
                answers.append(Result(deed.key, "failed", "later", detail=str(error)))
        return answers

    def _linked(self, body: str) -> str:
        """A message with the tokens of the invoices that it names: Odoo makes them when asked."""
        for number in unlinked(body):
            url = str(self.door.call("account.move", "get_portal_url", ids=[number]))
            token = parse_qs(urlsplit(url).query).get("access_token", [""])[0]
            body = body.replace(link(number, ""), link(number, token))
        return body


def _latest(deed: Deed, claims: Mapping[str, Entry]) -> datetime:
    """Until when it may begin: its claim is in force, and Odoo has the time that it may need."""
    claim = claims.get(deed.effect.debtor)
    if claim is None or claim.key != deed.key.rpartition("-")[0]:
        return NEVER
    try:
        body = decode(claim)
    except GarbledError:
        return NEVER
    lease = timedelta(seconds=body.lease if isinstance(body, ClaimBody) else 0)
    return deed.effect.deadline - min(SLOW, lease / 2)


def _marker(deed: Deed, subtype: int) -> Deed:
    """The note that tells of a write, under its key."""
    command = deed.effect.command
    words = {
        "hold": f"Orders are on hold: {command.text or command.value}",
        "release": "Orders are released.",
        "tag": f"Tagged: {command.name}",
        "untag": f"Tag taken off: {command.name}",
    }
    values: dict[str, Any] = {
        "model": "res.partner",
        "res_id": deed.record,
        "body": codec.paragraphs(words[command.kind]),
        "message_type": "comment",
        "message_id": message_id(deed.key),
        "subtype_id": subtype,
    }
    return Deed(deed.effect, "note", record=deed.record, values=values)


def _nonce(html: str) -> str:
    found = _NONCE.search(html or "")
    return found[1] if found else ""


def _said(deed: Deed, status: Any) -> Result:
    return Result(deed.key, status, delivery="accepted" if deed.kind == "post" else "")
