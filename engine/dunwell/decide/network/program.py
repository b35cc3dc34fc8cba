"""The rules by which signals become conclusions, in strata; they are the same for every policy.

Numbers stand for what a policy names: a stage, segment or pause for its place in the policy,
`name` for a hold or tag, `order` for the place of a standing action among all of the policy.
"""

from __future__ import annotations

from dunwell.decide.chain import Head, Pattern, Program, Ref, Rule, Stratum, Test, head, kind
from dunwell.decide.chain import pattern as p
from dunwell.decide.chain.form import Op, Value

ITEM_SIGNALS = (
    kind("pause_holds", item="int", pause="int", lift="bool", listed="bool"),
    kind("was_silent", item="int"),
    kind("waits", item="int"),
    kind("adopt_holds", item="int", order="int", stage="int"),
    kind("may_move", item="int", way="str", stage="int", cycle="int"),
    kind("approval", item="int", stage="int"),
    kind("wants", item="int", name="int", stage="int", order="int", reached="bool", half="bool"),
)
"""What may be known of an item; `item` always comes first."""

ACCOUNT_SIGNALS = (
    kind("segment_holds", segment="int"),
    kind("watching", name="int", order="int"),
    kind("standing", name="int", state="str", ours="bool", in_force="bool", written_off="bool"),
)
"""What may be known of an account."""

DERIVED = (
    kind("segment", segment="int"),
    kind("silent", item="int"),
    kind("lifted", item="int"),
    kind("listed", item="int"),
    kind("resting", item="int"),
    kind("adopted", item="int", stage="int"),
    kind("step", item="int", way="str", stage="int", cycle="int"),
    kind("rises", item="int", way="str", stage="int", cycle="int"),
    kind("rise_waits", item="int", stage="int"),
    kind("goes", item="int", stage="int"),
    kind("asks", item="int", name="int"),
    kind("asked", name="int"),
    # a standing action may be put in force because of an item; by a watch: item and stage are -1
    kind("offers", item="int", name="int", stage="int", order="int"),
    kind("spoken", name="int", state="str"),
    kind("place", item="int", name="int", stage="int", order="int"),
    kind("place_waits", name="int"),
    kind("released", name="int"),
    kind("overridden", name="int"),
    kind("cleared", name="int"),
    kind("kept", name="int"),
)


def _is(field: str, right: Value | Ref, op: Op = "==") -> Test:
    return Test(field, op, right)


def _same(alias: str, *fields: str) -> tuple[Test, ...]:
    """The fields equal those of an earlier pattern."""
    return tuple(Test(field, "==", Ref(alias, field)) for field in fields)


def _copy(kind: str, alias: str, *fields: str, **more: Value) -> Head:
    """A fact with fields of a matched one."""
    return head(kind, **{field: Ref(alias, field) for field in fields}, **more)


def _no(alias: str, kind: str, *tests: Test) -> Pattern:
    return Pattern(alias, kind, tests)


_OF_ITEM = _same("m", "item")
_SIGNS = Stratum(
    "signs",
    (
        Rule(
            "the first segment that holds counts",
            (p("m", "segment_holds"),),
            _copy("segment", "m", "segment"),
            (_no("earlier", "segment_holds", _is("segment", Ref("m", "segment"), "<")),),
        ),
        Rule(
            "a pause or guard silences its item",
            (p("m", "pause_holds"),),
            _copy("silent", "m", "item"),
        ),
        Rule(
            "a lifting pause lifts what its item asks for",
            (p("m", "pause_holds", _is("lift", True)),),
            _copy("lifted", "m", "item"),
        ),
        Rule(
            "an item is listed while every reason to leave it alone says so",
            (p("m", "pause_holds", _is("listed", True)),),
            _copy("listed", "m", "item"),
            (_no("other", "pause_holds", *_OF_ITEM, _is("listed", False)),),
        ),
        Rule(
            "the first adoption that holds places the item",
            (p("m", "adopt_holds"),),
            _copy("adopted", "m", "item", "stage"),
            (
                _no("earlier", "adopt_holds", *_OF_ITEM, _is("order", Ref("m", "order"), "<")),
                _no("stuck", "waits", *_OF_ITEM),
            ),
        ),
        Rule(
            "the severest jump goes before milder ones",
            (p("m", "may_move", _is("way", "jump")),),
            _copy("step", "m", "item", "way", "stage", "cycle"),
            (
                _no(
                    "severer", "may_move", *_OF_ITEM, _is("way", "jump"),
                    _is("stage", Ref("m", "stage"), ">"),
                ),
            ),
        ),
        Rule(
            "without a jump the next stage comes",
            (p("m", "may_move", _is("way", "next")),),
            _copy("step", "m", "item", "way", "stage", "cycle"),
            (_no("jump", "may_move", *_OF_ITEM, _is("way", "jump")),),
        ),
        Rule(
            "what cannot rise may repeat",
            (p("m", "may_move", _is("way", "repeat")),),
            _copy("step", "m", "item", "way", "stage", "cycle"),
            (_no("rise", "may_move", *_OF_ITEM, _is("way", "repeat", "!=")),),
        ),
        Rule(
            "an override is a person's word",
            (p("m", "standing", _is("state", "override")),),
            _copy("spoken", "m", "name", "state"),
        ),
        Rule(
            "what was placed and is no longer as written was changed by a person",
            (p("m", "standing", _is("state", "placed"), _is("ours", False)),),
            _copy("spoken", "m", "name", "state"),
        ),
    ),
)  # fmt: skip

_REST = Stratum(
    "rest",
    (
        Rule(
            "an item rests on the day its silence ended",
            (p("m", "was_silent"),),
            _copy("resting", "m", "item"),
            (_no("still", "silent", *_OF_ITEM),),
        ),
    ),
)

_MOVES = Stratum(
    "moves",
    (
        Rule(
            "an item rises unless it is silent, resting, adopted or stuck",
            (p("m", "step"),),
            _copy("rises", "m", "item", "way", "stage", "cycle"),
            (
                _no("silence", "silent", *_OF_ITEM),
                _no("rest", "resting", *_OF_ITEM),
                _no("adoption", "adopted", *_OF_ITEM),
                _no("stuck", "waits", *_OF_ITEM),
            ),
        ),
        Rule(
            "a rise waits for the approval of its stage",
            (p("m", "rises"), p("a", "approval", *_same("m", "item", "stage"))),
            _copy("rise_waits", "m", "item", "stage"),
        ),
        Rule(
            "a rise that needs no approval is on its way",
            (p("m", "rises"),),
            _copy("goes", "m", "item", "stage"),
            (_no("a", "approval", *_same("m", "item", "stage")),),
        ),
        Rule(
            "an item at the stage asks",
            (p("m", "wants", _is("reached", True)),),
            _copy("asks", "m", "item", "name"),
            (_no("lift", "lifted", *_OF_ITEM),),
        ),
        Rule(
            "an item that is half there asks",
            (p("m", "wants", _is("half", True)),),
            _copy("asks", "m", "item", "name"),
            (_no("lift", "lifted", *_OF_ITEM),),
        ),
        Rule(
            "an item on its way there asks",
            (
                p("g", "goes"),
                p("m", "wants", *_same("g", "item"), _is("stage", Ref("g", "stage"), "<=")),
            ),
            _copy("asks", "m", "item", "name"),
            (_no("lift", "lifted", *_OF_ITEM),),
        ),
        Rule("one item that asks is enough", (p("m", "asks"),), _copy("asked", "m", "name")),
        Rule("a watch that holds asks", (p("m", "watching"),), _copy("asked", "m", "name")),
        Rule(
            "while an item is stuck all goes on standing",
            (p("m", "standing"), p("w", "waits")),
            _copy("asked", "m", "name"),
        ),
        Rule(
            "an item at the stage that is not silent may place",
            (p("m", "wants", _is("reached", True)),),
            _copy("offers", "m", "item", "name", "stage", "order"),
            (_no("silence", "silent", *_OF_ITEM), _no("lift", "lifted", *_OF_ITEM)),
        ),
        Rule(
            "a watch that holds may place",
            (p("m", "watching"),),
            _copy("offers", "m", "name", "order", item=-1, stage=-1),
        ),
    ),
)  # fmt: skip

_OWN = (_is("state", "placed"), _is("ours", True))
_ASKED = _no("cause", "asked", *_same("m", "name"))
_STANDING = Stratum(
    "standing",
    (
        Rule(
            "a person's word ends with its cause",
            (p("m", "spoken"),),
            _copy("cleared", "m", "name"),
            (_ASKED,),
        ),
        Rule(
            "a person's change becomes an override while the cause goes on",
            (p("m", "spoken", _is("state", "placed")), p("a", "asked", *_same("m", "name"))),
            _copy("overridden", "m", "name"),
        ),
        Rule(
            "what nobody asks for is released",
            (p("m", "standing", *_OWN, _is("written_off", False)),),
            _copy("released", "m", "name"),
            (_ASKED,),
        ),
        Rule(
            "what nobody asks for because of a write-off is kept",
            (p("m", "standing", *_OWN, _is("written_off", True)),),
            _copy("kept", "m", "name"),
            (_ASKED,),
        ),
        Rule(
            "the mildest action that is asked for is put in force, once",
            (p("m", "offers"),),
            _copy("place", "m", "item", "name", "stage", "order"),
            (
                _no("first", "offers", *_same("m", "name"), _is("order", Ref("m", "order"), "<")),
                _no("owned", "standing", *_same("m", "name"), _is("state", "", "!=")),
                _no("there", "standing", *_same("m", "name"), _is("in_force", True)),
            ),
        ),
        Rule(
            "a hold or tag waits for the approval of its stage",
            (p("m", "place"), p("a", "approval", *_same("m", "item", "stage"))),
            _copy("place_waits", "m", "name"),
        ),
    ),
)

PROGRAM = Program((*ITEM_SIGNALS, *ACCOUNT_SIGNALS, *DERIVED), (_SIGNS, _REST, _MOVES, _STANDING))
"""All of it; checked when this module is read."""
