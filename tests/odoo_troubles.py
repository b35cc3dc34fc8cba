"""What goes wrong between a program and the stand-in for Odoo, and when."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


class ResetError(ConnectionResetError):
    """The line breaks: no answer comes, whatever was done."""


@dataclass
class Trouble:
    """What goes wrong at the `nth` call that matches, `times` in a row.

    `reset`, `page`, `truncated`, `empty` come after it was done; `refused`, `502`, `403`, `429`,
    `conflict` and `down` (the database) before; `act` calls `deed` first, and all is well.
    """

    what: str
    match: str = ""  # a regular expression over "model.method {arguments}"
    nth: int = 1
    times: int = 1
    deed: Callable[[], object] | None = None
    seen: int = 0

    def hits(self, line: str) -> bool:
        if not re.search(self.match, line, re.DOTALL):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times
