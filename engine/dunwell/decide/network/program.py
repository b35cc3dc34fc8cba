"""The rules by which signals become conclusions; they are the same for every policy.

Two programs, one after the other: `ITEMS` reads the signals of one item, `ACCOUNTS` those of one
account and what followed for its items (`PASSED_ON`). Numbers stand for what a policy names: a
stage, segment or pause for its place in the policy, `name` for a hold or tag, `order` for the
place of a standing action among all of the policy.
"""

from __future__ import annotations

from dunwell.decide.chain import Head, Pattern, Program, Ref, Rule, Stratum, Test, head
from dunwell.decide.chain import pattern as p
from dunwell.decide.chain.form import Op, Value
from dunwell.decide.network.kinds import (
    ACCOUNT_SIGNALS,
    FOLLOWS_FOR_ACCOUNTS,
    FOLLOWS_FOR_ITEMS,
    ITEM_SIGNALS,
    PASSED_ON,
)


def _is(field: str, right: Value | Ref, op: Op = "==") -> Test:
    return Test(field, op, right)


def _same(alias: str, *fields: str) -> tuple[Test, ...]:
    """The fields equal those of an earlier pattern."""
    return tuple(Test(field, "==", Ref(alias, field)) for field in fields)


def _copy(kind: str, alias: str, *fields: str) -> Head:
    """A fact with fields of a matched one."""
    return head(kind, **{field: Ref(alias, field) for field in fields})


def _no(alias: str, kind: str, *tests: Test) -> Pattern:
    return Pattern(alias, kind, tests)


_SIGNS = Stratum(
    "signs",
    (
        Rule("a pause or guard silences the item", (p("m", "pause_holds"),), head("silent")),
        Rule(
            "a lifting pause lifts what the item asks for",
            (p("m", "pause_holds", _is("lift", True)),),
            head("lifted"),
        ),
        Rule(
            "an item is listed while every reason to leave it alone says so",
            (p("m", "pause_holds", _is("listed", True)),),
            head("listed"),
            (_no("other", "pause_holds", _is("listed", False)),),
        ),
        Rule(
            "the first adoption that holds places the item",
            (p("m", "adopt_holds"),),
            _copy("adopted", "m", "stage"),
            (
                _no("earlier", "adopt_holds", _is("order", Ref("m", "order"), "<")),
                _no("stuck", "waits"),
            ),
        ),
        Rule(
            "the severest jump goes before milder ones",
            (p("m", "may_move", _is("way", "jump")),),
            _copy("step", "m", "way", "stage", "cycle"),
            (
                _no(
                    "severer", "may_move", _is("way", "jump"), _is("stage", Ref("m", "stage"), ">")
                ),
            ),
        ),
        Rule(
            "without a jump the next stage comes",
            (p("m", "may_move", _is("way", "next")),),
            _copy("step", "m", "way", "stage", "cycle"),
            (_no("jump", "may_move", _is("way", "jump")),),
        ),
        Rule(
            "what cannot rise may repeat",
            (p("m", "may_move", _is("way", "repeat")),),
            _copy("step", "m", "way", "stage", "cycle"),
            (_no("rise", "may_move", _is("way", "repeat", "!=")),),
        ),
    ),
)

_REST = Stratum(
    "rest",
    (
        Rule(
            "an item rests on the day its silence ended",
            (p("m", "was_silent"),),
            head("resting"),
            (_no("still", "silent"),),
        ),
    ),
)

_LIFT = _no("lift", "lifted")
_MOVES = Stratum(
    "moves",
    (
        Rule(
            "an item rises unless it is silent, resting, adopted or stuck",
            (p("m", "step"),),
            _copy("rises", "m", "way", "stage", "cycle"),
            (
                _no("silence", "silent"),
                _no("rest", "resting"),
                _no("adoption", "adopted"),
                _no("stuck", "waits"),
            ),
        ),
        Rule(
            "a rise waits for the approval of its stage",
            (p("m", "rises"), p("a", "approval", *_same("m", "stage"))),
            _copy("rise_waits", "m", "stage"),
        ),
        Rule(
            "a rise that needs no approval is on its way",
            (p("m", "rises"),),
            _copy("goes", "m", "stage"),
            (_no("a", "approval", *_same("m", "stage")),),
        ),
        Rule(
            "an item at the stage asks",
            (p("m", "wants", _is("reached", True)),),
            _copy("asks", "m", "name"),
            (_LIFT,),
        ),
        Rule(
            "an item that is half there asks",
            (p("m", "wants", _is("half", True)),),
            _copy("asks", "m", "name"),
            (_LIFT,),
        ),
        Rule(
            "an item on its way there asks",
            (p("g", "goes"), p("m", "wants", _is("stage", Ref("g", "stage"), "<="))),
            _copy("asks", "m", "name"),
        ),
        Rule(
            "an item at the stage that is not silent may place",
            (p("m", "wants", _is("reached", True)),),
            _copy("offers", "m", "name", "stage", "order"),
            (_no("silence", "silent"),),
        ),
        Rule(
            "what it places waits for the approval of the stage",
            (p("m", "offers"), p("a", "approval", *_same("m", "stage"))),
            _copy("offer_waits", "m", "name", "order"),
        ),
        Rule(
            "an item that jumps brings what the stages that it passes ask for",
            (
                p("g", "rises", _is("way", "jump")),
                p("m", "wants", _is("ahead", True), _is("stage", Ref("g", "stage"), "<")),
            ),
            _copy("passes", "m", "name", "stage", "order"),
        ),
        Rule(
            "what it brings waits for the approval of the stage that it passes",
            (p("m", "passes"), p("a", "approval", *_same("m", "stage"))),
            _copy("pass_waits", "m", "name", "order"),
        ),
    ),
)

_CAUSES = Stratum(
    "causes",
    (
        Rule(
            "the first segment that holds counts",
            (p("m", "segment_holds"),),
            _copy("segment", "m", "segment"),
            (_no("earlier", "segment_holds", _is("segment", Ref("m", "segment"), "<")),),
        ),
        Rule("one item that asks is enough", (p("m", "asks"),), _copy("asked", "m", "name")),
        Rule("a watch that holds asks", (p("m", "watching"),), _copy("asked", "m", "name")),
        Rule(
            "while an item is stuck all goes on standing",
            (p("m", "standing"), p("w", "waits")),
            _copy("asked", "m", "name"),
        ),
        Rule(
            "an item may place",
            (p("m", "offers"),),
            _copy("may_place", "m", "name", "order"),
        ),
        Rule(
            "a watch that holds may place",
            (p("m", "watching"),),
            _copy("may_place", "m", "name", "order"),
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
)

_OWN = (_is("state", "placed"), _is("ours", True))
_ASKED = _no("cause", "asked", *_same("m", "name"))
_FREE = (
    _no("owned", "standing", *_same("m", "name"), _is("state", "", "!=")),
    _no("there", "standing", *_same("m", "name"), _is("in_force", True)),
)
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
            "the first action that is asked for is put in force, once",
            (p("m", "may_place"),),
            _copy("place", "m", "name", "order"),
            (
                _no(
                    "first", "may_place", *_same("m", "name"), _is("order", Ref("m", "order"), "<")
                ),
                *_FREE,
            ),
        ),
        Rule(
            "what a jump brings is put in force where nobody is there to ask for it",
            (p("m", "passes"),),
            _copy("bring", "m", "name", "order"),
            (
                _no("asked", "may_place", *_same("m", "name")),
                _no("first", "passes", *_same("m", "name"), _is("order", Ref("m", "order"), "<")),
                *_FREE,
            ),
        ),
        Rule(
            "a hold or tag waits for the approval of its stage",
            (p("m", "place"), p("a", "offer_waits", *_same("m", "order"))),
            _copy("place_waits", "m", "name"),
        ),
        Rule(
            "what a jump brings waits for the approval of its stage",
            (p("m", "bring"), p("a", "pass_waits", *_same("m", "order"))),
            _copy("place_waits", "m", "name"),
        ),
    ),
)

ITEMS = Program((*ITEM_SIGNALS, *FOLLOWS_FOR_ITEMS), (_SIGNS, _REST, _MOVES))
"""What follows for an item; checked when this module is read, like the other one."""

ACCOUNTS = Program((*ACCOUNT_SIGNALS, *PASSED_ON, *FOLLOWS_FOR_ACCOUNTS), (_CAUSES, _STANDING))
"""What follows for an account."""
