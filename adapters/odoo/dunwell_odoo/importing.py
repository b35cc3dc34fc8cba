"""Entries written by Odoo's own import, where the server action is not there.

Each is imported under an external id that is its position: of two writers one makes it, the other
one finds it made, by the nonce in it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from dunwell.errors import DeniedError, UnavailableError
from dunwell.log.entry import Entry
from dunwell.port import Appended, Lost, Refused, Won
from dunwell_odoo import codec
from dunwell_odoo.asking import Ask, Question, these
from dunwell_odoo.names import entry_id

MESSAGE = "mail.message"
TRIES = 30
SIZE = 2_000

COLUMNS = (
    "id", "model", "res_id", "subject", "body", "message_type", "message_id", "subtype_id/.id",
    "is_internal", "record_name", "reply_to",
)  # fmt: skip
"""The record name and the address for answers are empty, else Odoo looks them up for each."""


@dataclass(frozen=True, slots=True)
class Import:
    """Writes entries that are known to follow."""

    ask: Ask
    subtype: int

    def write(
        self, entries: Sequence[Entry], left: Sequence[int], answers: dict[int, Appended]
    ) -> None:
        """Write the entries at some places, and answer for them."""
        for attempt in range(TRIES):
            if not left:
                return
            if attempt:
                time.sleep(random.uniform(0.005, 0.05) * min(attempt, 10))
            try:
                ids = self._load([entries[n] for n in left])
            except DeniedError:
                raise
            except UnavailableError:
                if attempt:
                    continue
                raise
            if ids:
                self._won(entries, left, ids, answers)
                return
        self._one_by_one(entries, left, answers)

    def _one_by_one(
        self, entries: Sequence[Entry], left: Sequence[int], answers: dict[int, Appended]
    ) -> None:
        """What is in the way of the others is refused, or was lost."""
        for n in left:
            ids = self._load([entries[n]])
            if ids:
                self._won(entries, [n], ids, answers)
            else:
                answers[n] = Refused("Odoo does not take it")

    def _won(
        self, entries: Sequence[Entry], left: Sequence[int], ids: Sequence[int],
        answers: dict[int, Appended],
    ) -> None:  # fmt: skip
        """Who wrote what stands there now: ours has our nonce."""
        question = Question(MESSAGE, [["id", "in", list(ids)]], these("body"), SIZE)
        bodies = {row["id"]: row["body"] for row in self.ask.all(question)}
        for n, number in zip(left, ids, strict=True):
            winner = codec.nonce(bodies.get(number, ""))
            answers[n] = Won() if winner == entries[n].nonce else Lost(winner)

    def _load(self, entries: Sequence[Entry]) -> list[int] | None:
        rows = []
        for entry in entries:
            values = codec.note(entry)
            rows.append([
                entry_id(entry.debtor, entry.position or 0), values["model"],
                str(values["res_id"]), values["subject"], values["body"],
                values["message_type"], values["message_id"], str(self.subtype), "1", "",
                "",
            ])  # fmt: skip
        told = self.ask.door.call(
            MESSAGE, "load", fields=list(COLUMNS), data=rows,
            context={"noupdate": True, "mode": "update"},
        )  # fmt: skip
        return told["ids"] or None
