"""Everything that a run works with, wired once and passed along."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from dunwell.calendar import CalendarSource
from dunwell.facts import Registry
from dunwell.hooks import VetoPlugin
from dunwell.policy.tree import House
from dunwell.port import Adapter, Capability, Channel
from dunwell.run.words import Wording

Progress = Callable[[str, int, int], None]
"""Told what is going on, how much is done, and how much there is (0: not known)."""


def silent(what: str, done: int, total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class Engine:
    """An ERP, the channels by the name of what they carry, the policies, and how to word messages.

    `digests` name the policies and templates in force; a plan made with others is refused. `lease`
    is how many seconds of ERP time a claim excludes everybody else. `workers` processes decide;
    `verify` is `sample` or `all`.
    """

    adapter: Adapter
    house: House
    registry: Registry
    wording: Wording
    channels: Mapping[str, Channel] = field(default_factory=dict)
    calendars: tuple[CalendarSource, ...] = ()
    vetoes: Sequence[VetoPlugin] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    lease: int = 900
    workers: int = 0
    verify: str = "sample"
    plain: bool = False  # decide by the evaluator alone, without columns and network
    progress: Progress = silent
    tick: Callable[[], float] | None = None  # seconds that only run forward; None: the machine's

    @property
    def native(self) -> bool:
        """Whether the ERP sends reminders itself."""
        return self.adapter.capabilities()[Capability.REMIND].level == "native"

    @property
    def ways(self) -> frozenset[str]:
        """What messages can leave by: the channels, and what the ERP carries itself."""
        if not self.native:
            return frozenset(self.channels)
        carries = self.adapter.capabilities().carries
        own = {name for name, strength in carries.items() if strength.there}
        return frozenset({*self.channels, "email", *own})

    def by_erp(self, kind: str, channel: str) -> bool:
        """Whether the ERP does a command of this kind: not word of a task; a reminder by e-mail
        where it sends itself, by another channel where none of ours is configured.
        """
        if kind != "remind":
            return kind != "tell"
        return self.native and (channel == "email" or channel not in self.channels)
