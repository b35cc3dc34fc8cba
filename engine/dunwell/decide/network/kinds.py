"""The kinds of facts that the rules speak of: what is given, and what follows from it."""

from __future__ import annotations

from dunwell.decide.chain import Kind, kind

ITEM_SIGNALS = (
    kind("pause_holds", pause="int", lift="bool", listed="bool"),
    kind("was_silent"),
    kind("waits"),
    kind("adopt_holds", order="int", stage="int"),
    kind("may_move", way="str", stage="int", cycle="int"),
    kind("approval", stage="int"),
    kind("wants", name="int", stage="int", order="int", reached="bool", half="bool", ahead="bool"),
)
"""What may be known of an item."""

FOLLOWS_FOR_ITEMS = (
    kind("silent"),
    kind("lifted"),
    kind("listed"),
    kind("resting"),
    kind("adopted", stage="int"),
    kind("step", way="str", stage="int", cycle="int"),
    kind("rises", way="str", stage="int", cycle="int"),
    kind("rise_waits", stage="int"),
    kind("goes", stage="int"),
    kind("asks", name="int"),
    # a standing action may be put in force because of the item, and may have to be approved
    kind("offers", name="int", stage="int", order="int"),
    kind("offer_waits", name="int", order="int"),
    # the item jumps over the stage of a standing action, which may have to be approved
    kind("passes", name="int", stage="int", order="int"),
    kind("pass_waits", name="int", order="int"),
)
"""What follows for an item."""

PASSED_ON: tuple[Kind, ...] = tuple(
    one
    for one in (*ITEM_SIGNALS, *FOLLOWS_FOR_ITEMS)
    if one.name in ("waits", "asks", "offers", "offer_waits", "passes", "pass_waits")
)
"""What of an item its account must know."""

ACCOUNT_SIGNALS = (
    kind("segment_holds", segment="int"),
    kind("watching", name="int", order="int"),
    kind("standing", name="int", state="str", ours="bool", in_force="bool", written_off="bool"),
)
"""What may be known of an account."""

FOLLOWS_FOR_ACCOUNTS = (
    kind("segment", segment="int"),
    kind("asked", name="int"),
    kind("may_place", name="int", order="int"),
    kind("spoken", name="int", state="str"),
    kind("place", name="int", order="int"),
    kind("bring", name="int", order="int"),
    kind("place_waits", name="int"),
    kind("released", name="int"),
    kind("overridden", name="int"),
    kind("cleared", name="int"),
    kind("kept", name="int"),
)
"""What follows for an account."""
