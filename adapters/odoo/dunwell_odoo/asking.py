"""Questions to Odoo: a page a call, or several in one call by the server action."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from dunwell_odoo import inside
from dunwell_odoo.clock import ASKED, Clock
from dunwell_odoo.door import Door
from dunwell_odoo.packed import unpacked
from dunwell_odoo.values import instant

T = TypeVar("T")

Record = dict[str, Any]
Domain = list[Any]
Spec = Mapping[str, Mapping[str, Any]]
"""Which fields to read, and of which records behind them which fields again."""

EVERYTHING = {"active_test": False}
"""The context in which records that were put away are found too."""


def these(*names: str, **behind: Spec) -> dict[str, Mapping[str, Any]]:
    """A specification: plain fields by name, and what is read of the records behind others.

    >>> these("name", company_id=these("name"))
    {'name': {}, 'company_id': {'fields': {'name': {}}}}
    """
    return {
        **{name: {} for name in names},
        **{name: {"fields": spec} for name, spec in behind.items()},
    }


@dataclass(frozen=True, slots=True)
class Question:
    """Records of a model, a page at a time beyond the last one seen: nobody's work hides a row.

    `order` other than by id is for questions of one page alone.
    """

    model: str
    domain: Domain
    spec: Spec
    size: int
    context: Mapping[str, object] | None = None
    order: str = "id"

    def given(self, last: int = 0) -> dict[str, Any]:
        """What is asked for the page beyond a record."""
        return {
            "domain": [*self.domain, ["id", ">", last]] if last else self.domain,
            "specification": self.spec,
            "limit": self.size,
            "order": self.order,
        }

    def step(self, last: int = 0) -> dict[str, Any]:
        """The same for the server action."""
        given, context = self.given(last), self.context or {}
        return {"do": "read", "model": self.model, "context": context, **given}


class Ask:
    """Asks an Odoo: by the server action where it is there, in fewer calls and half its time, with
    the rights of the user all the same; else by what Odoo's own screens use.
    """

    def __init__(self, door: Door, action: Callable[[], int] = lambda: 0) -> None:
        self.door, self._action = door, action

    @property
    def action(self) -> int:
        """The server action; 0 for none."""
        return self._action()

    def first(self, question: Question, last: int = 0) -> list[Record]:
        """One page."""
        if self.action:
            (told,) = self.run([question.step(last)])
            rows = unpacked(told)
        else:
            rows = self.door.call(
                question.model,
                "web_search_read",
                context=question.context,
                count_limit=1,  # how many there are beyond this page is not asked
                **question.given(last),
            )["records"]
        found: list[Record] = rows
        return found

    def together(
        self, questions: Sequence[Question], clock: Clock | None = None
    ) -> list[list[Record]]:
        """The first pages of several questions: by the server action in one call, of one moment.
        The clock is asked too, where it is given.
        """
        if not self.action:
            if clock is not None:
                clock.ask()
            return [self.first(question) for question in questions]
        steps = [*(question.step() for question in questions), *([ASKED] if clock else [])]
        answers = self.run(steps) if steps else []
        if clock is not None:
            clock.heard(instant(answers.pop()))
        return [unpacked(told) for told in answers]

    def run(self, steps: Sequence[Mapping[str, object]]) -> list[Any]:
        """The answers of the server action."""
        return inside.run(self.door, self.action, steps)

    def whole(
        self, question: Question, rows: list[Record] | None = None
    ) -> Iterator[list[Record]]:
        """All pages, one call each; `rows` is the first one where it is here already."""
        while True:
            rows = self.first(question) if rows is None else rows
            if rows:
                yield rows
            if len(rows) < question.size:
                return
            rows = self.first(question, rows[-1]["id"])

    def all(self, question: Question) -> list[Record]:
        """All pages as one list."""
        return [row for page in self.whole(question) for row in page]


def parts(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Values in parts of a size that one call takes."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
