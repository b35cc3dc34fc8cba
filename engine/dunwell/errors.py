"""What can be wrong, said as values: where, what, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A spot in a user's file; `line` and `column` count from 1, 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Place("")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, and the remedy as hint.

    Lower case, no full stop, the user's own word in quotes.

    A `warning` is shown but stops nothing.
    """

    where: Place
    message: str
    hint: str = ""
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where.file else ""
        level = "warning: " if self.level == "warning" else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{level}{self.message}{hint}"


class DunwellError(Exception):
    """The root of every error that a user may meet; the message is meant for that user."""


class ProblemsError(DunwellError):
    """What a user wrote cannot be used; carries every problem found, not the first one."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class AdapterError(DunwellError):
    """An ERP or channel could not do what it was asked; the subclass says what may be done."""


class ConfigurationError(AdapterError):
    """What the user configured cannot work; nothing was sent."""


class DeniedError(AdapterError):
    """The ERP knows us but does not allow it; `remedy` says who can grant what."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        self.remedy = remedy
        super().__init__(f"{message} ({remedy})" if remedy else message)


class UnavailableError(AdapterError):
    """Nothing was sent: the only error that may be retried."""


class UnansweredError(AdapterError):
    """Some of it may have been done: look it up, never retry."""


class ContractBrokenError(AdapterError):
    """The other side answered what it must never answer; nothing can be built on it."""
