"""Finding the one customer that a person means, or saying which ones may be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dunwell.render.text import safe

if TYPE_CHECKING:
    from dunwell.port import Adapter
    from dunwell.run.find import Subject

MOST = 20


def one(adapter: Adapter, word: str) -> Subject:
    """The one debtor that is meant by an identifier, a name or a number; else a usage error."""
    from dunwell.run.find import find

    found = find(adapter, word, on=adapter.describe().on)
    if len(found) == 1:
        return found[0]
    if not found:
        message = f"nobody is meant by '{safe(word)}'"
        raise click.UsageError(f"{message} (write a customer's number or name, or an invoice)")
    lines = [f"'{safe(word)}' may mean {len(found)} customers; write the number of one:"]
    lines += [f"  {safe(s.debtor)}  {safe(s.name)}  ({safe(s.how)})" for s in found[:MOST]]
    if len(found) > MOST:
        lines.append(f"  and {len(found) - MOST} more")
    raise click.UsageError("\n".join(lines))
