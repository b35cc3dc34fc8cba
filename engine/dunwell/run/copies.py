"""Nothing is written where the ERP may be a copy of the one that was written to before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dunwell.run.planfile import StoppedError

if TYPE_CHECKING:
    from dunwell.model import Describe
    from dunwell.port import Adapter


def original(adapter: Adapter) -> Describe:
    """What the ERP says of itself; raises `StoppedError` where it may be a copy.

    To be asked before anything is written. Whoever only reads may do so in a copy.
    """
    described = adapter.describe()
    if described.copied:
        raise StoppedError(f"nothing is done: {described.copied}")
    return described
