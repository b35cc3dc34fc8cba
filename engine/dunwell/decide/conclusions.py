"""What a policy concludes for one account on one day; on this the readers must agree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """An item's way to a stage today; `cycle` above 0 is a repeat of the stage it is at."""

    item: str
    stage: int
    cycle: int = 0
    jumped: bool = False
    approve: str = ""  # the role that must say yes


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A standing action to be put in force, and its causes; `stage` is -1 when a watch asks.

    `passed`: its stage is passed over by the items, which jump today.
    """

    kind: str  # hold or tag
    name: str
    stage: int
    action: str  # id of the action in its stage or watch
    watch: str = ""
    items: tuple[str, ...] = ()
    approve: str = ""
    passed: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Fire:
    """A watch that fires today: for which occurrences of its event, or for which cycle."""

    watch: str
    cycle: int
    occurrences: tuple[str, ...] = ()
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conclusions:
    """All that a policy says of one account on one day; every tuple is sorted.

    `silent`: items that nothing may be demanded for, each with its reasons (pauses, then guards).
    `resting`: items whose silence ended today and that may not rise before tomorrow. `listed`:
    silent items that are still shown and summed. `waiting`: items at a stage that the ladder no
    longer has. `released`, `overridden`, `cleared`, `kept`: standing actions (kind, name) that
    nobody asks for any more; that a person has spoken on; whose override has ended; that stay
    although written off. `vetoed`: (veto, item) with item "" for the whole account.
    """

    policy: str
    segment: str
    silent: tuple[tuple[str, tuple[str, ...]], ...] = ()
    listed: tuple[str, ...] = ()
    resting: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()
    adopt: tuple[Step, ...] = ()
    rise: tuple[Step, ...] = ()
    place: tuple[Place, ...] = ()
    released: tuple[tuple[str, str], ...] = ()
    overridden: tuple[tuple[str, str], ...] = ()
    cleared: tuple[tuple[str, str], ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    fire: tuple[Fire, ...] = ()
    vetoed: tuple[tuple[str, str], ...] = ()

    @property
    def quiet(self) -> bool:
        """Nothing is to be done for this account today."""
        return not (
            self.adopt
            or self.rise
            or self.place
            or self.released
            or self.overridden
            or self.cleared
            or self.kept
            or self.fire
        )
