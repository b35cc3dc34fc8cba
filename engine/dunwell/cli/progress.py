"""How far a long command is: a bar on the error stream of a terminal, after a second."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field

import click

_PATIENCE = 1.0  # seconds without a bar
_EVERY = 0.1  # seconds between two drawings
_WIDTH = 24


@dataclass(slots=True)
class Bar:
    """Shows what is going on (`dunwell.run.engine.Progress`); silent where nobody looks."""

    shown: bool = field(default_factory=lambda: sys.stderr.isatty())
    begun: float = field(default_factory=time.monotonic)
    drawn: float = 0.0
    dirty: bool = False

    def __call__(self, what: str, done: int, total: int) -> None:
        """Draw anew, if it is time."""
        now = time.monotonic()
        if not self.shown or now - self.begun < _PATIENCE:
            return
        if now - self.drawn < _EVERY and done != total:
            return
        self.drawn, self.dirty = now, True
        click.echo(f"\r{line(what, done, total)}\033[K", nl=False, err=True)

    def close(self) -> None:
        """Take the bar away, so that what follows begins on a clean line."""
        if self.dirty:
            click.echo("\r\033[K", nl=False, err=True)
            self.dirty = False


def line(what: str, done: int, total: int) -> str:
    """The bar as text; without a total only what is going on.

    >>> line("reading", 3, 6)
    'reading   [############------------]  50 %'
    """
    if total <= 0:
        return f"{what} ..."
    full = min(_WIDTH, done * _WIDTH // total)
    return f"{what:<9} [{'#' * full}{'-' * (_WIDTH - full)}] {min(100, done * 100 // total):>3} %"
