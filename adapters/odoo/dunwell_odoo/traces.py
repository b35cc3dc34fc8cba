"""What deeds leave in Odoo, by which they are found where the server action does not tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dunwell.port import Found, Sought
from dunwell_odoo.asking import EVERYTHING, Ask, Domain, Question, Record, parts, these
from dunwell_odoo.clock import Clock
from dunwell_odoo.installed import Installed
from dunwell_odoo.names import HOLD, key_of, message_id
from dunwell_odoo.standing import mark
from dunwell_odoo.values import numbers

SIZE = 2_000

_KEY = re.compile(r'id="dunwell-([^"]+)"')
_GONE = re.compile(r"\[dunwell-gone \d+ \S+ \S+ (\S+)\]")


@dataclass(frozen=True, slots=True)
class Traces:
    """Looks for keys: as Message-Id, in the notes of activities, as the mark on a card."""

    ask: Ask
    installed: Installed
    clock: Clock

    def look_up(self, sought: Sequence[Sought]) -> list[Found]:
        """Present by its key, or by the mark on the card; absent once its time is over."""
        debtors = sorted({one.debtor for one in sought})
        tasks = any(one.kind == "task" for one in sought)
        done = self.done([one.key for one in sought], debtors, tasks=tasks)
        marks = self._marks([one for one in sought if one.kind in ("hold", "release")])
        now = self.clock.now()
        answers = []
        for one in sought:
            if one.key in done or _stands(one, marks.get(one.debtor)):
                answers.append(Found.PRESENT)
            elif one.deadline is None or now <= one.deadline:
                answers.append(Found.CANNOT_TELL)
            else:
                answers.append(Found.ABSENT)
        return answers

    def _marks(self, sought: Sequence[Sought]) -> dict[str, str]:
        if not sought or not self.installed.holds:
            return {}
        found: dict[str, str] = {}
        for part in parts(numbers([one.debtor for one in sought]), SIZE):
            domain = [["id", "in", list(part)]]
            question = Question("res.partner", domain, these(HOLD), SIZE, EVERYTHING)
            for row in self.ask.all(question):
                found[str(row["id"])] = mark(row[HOLD])
        return found

    def done(self, keys: Sequence[str], debtors: Sequence[str], *, tasks: bool) -> set[str]:
        """Which keys are there: as Message-Id, and those of tasks in their notes."""
        found: set[str] = set()
        for part in parts(keys, SIZE):
            domain = [["message_id", "in", [message_id(key) for key in part]]]
            rows = self._all("mail.message", domain, "message_id")
            found |= {key_of(row["message_id"]) or "" for row in rows}
        if tasks:
            for ids in parts(numbers(debtors), SIZE):
                found |= self._given(list(ids))
        return found

    def _all(self, model: str, domain: Domain, field: str) -> list[Record]:
        question = Question(model, domain, these(field), SIZE, EVERYTHING)
        return self.ask.all(question)

    def _given(self, ids: list[int]) -> set[str]:
        """The keys of all tasks that customers ever had, as activities or as messages tell."""
        there = self._all(
            "mail.activity",
            [["res_model", "=", "res.partner"], ["res_id", "in", ids],
             ["note", "like", "dunwell-"]],
            "note",
        )  # fmt: skip
        told = self._all(
            "mail.message",
            [["model", "=", "res.partner"], ["res_id", "in", ids],
             ["mail_activity_type_id", "!=", False], ["body", "like", "dunwell-"]],
            "body",
        )  # fmt: skip
        texts = [str(row["note"]) for row in there] + [str(row["body"]) for row in told]
        return {key for each in texts for key in (*_KEY.findall(each), *_GONE.findall(each))}


def _stands(one: Sought, mark: str | None) -> bool:
    """Whether a hold, or its release, is what the card says."""
    if one.kind == "hold":
        return bool(one.value) and mark == one.value
    return one.kind == "release" and mark is not None and mark != one.value
