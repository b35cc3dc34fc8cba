"""The plain reader of a policy: walks the tree for one account and says why and why not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dunwell.decide.case import ItemCase
from dunwell.decide.conclusions import Conclusions, Fire
from dunwell.decide.reading import Reading
from dunwell.decide.standing import Asked, conclude_standing
from dunwell.decide.values import account_value, item_value
from dunwell.decide.watches import conclude_watches


@dataclass(frozen=True)
class Evaluation(Reading):
    """A reading with all that follows from it."""

    @cached_property
    def fires(self) -> tuple[Fire, ...]:
        """Watches that fire today."""
        return conclude_watches(self)

    @cached_property
    def asked(self) -> Asked:
        """What is to become of holds and tags."""
        return conclude_standing(self)

    def value(self, fact: str, item: ItemCase | None = None) -> object:
        """A fact's value today; period facts are not known here."""
        if item is not None and self.registry[fact].level == "item":
            return item_value(self.view, item, fact)
        return account_value(self.view, fact, None)

    def conclude(self) -> Conclusions:
        """Everything together, in the form in which the readers are compared."""
        asked = self.asked
        return Conclusions(
            policy=self.case.policy.name,
            segment=self.segment or "",
            silent=tuple(sorted(self.silence.items())),
            listed=tuple(sorted(self.listed)),
            resting=tuple(sorted(self.resting)),
            waiting=tuple(sorted(i.row.id for i in self.case.items if i.waits)),
            adopt=self.adopted,
            rise=self.rises,
            place=asked.place,
            released=asked.released,
            overridden=asked.overridden,
            cleared=asked.cleared,
            kept=asked.kept,
            fire=self.fires,
            vetoed=self.vetoed,
        )
