"""The chainer: what follows from facts, the same by network and by plain Python, whatever dies."""

from __future__ import annotations

import pickle

import pytest

from dunwell.decide.chain import (
    Derived,
    Fact,
    FactError,
    Kind,
    Pattern,
    PlainRunner,
    Program,
    ProgramError,
    Ref,
    Rule,
    Stratum,
    Test,
    available,
    head,
    kind,
    pattern,
)
from dunwell.decide.chain.check import fnv1a

needs_network = pytest.mark.skipif(available() is not None, reason=str(available()))

DEBT = kind("debt", item="int", days="int", currency="str", big="bool")
PROMISE = kind("promise", item="int", state="str")
SIGNAL = kind("signal", item="int", level="int")
PAUSED = kind("paused", item="int")
REMIND = kind("remind", item="int", level="int")
KINDS = (DEBT, PROMISE, SIGNAL, PAUSED, REMIND)

LATE = Rule(
    "late",
    (pattern("d", "debt", Test("days", ">=", 15)),),
    head("signal", item=Ref("d", "item"), level=1),
)
VERY_LATE = Rule(
    "very late",
    (pattern("d", "debt", Test("days", ">=", 40)),),
    head("signal", item=Ref("d", "item"), level=2),
)
PROMISED = Rule(
    "promised",
    (
        pattern("d", "debt"),
        pattern("p", "promise", Test("item", "==", Ref("d", "item")), Test("state", "==", "open")),
    ),
    head("paused", item=Ref("d", "item")),
)
REMINDER = Rule(
    "reminder",
    (pattern("s", "signal"),),
    head("remind", item=Ref("s", "item"), level=Ref("s", "level")),
    unless=(
        pattern("p", "paused", Test("item", "==", Ref("s", "item"))),
        pattern(
            "more",
            "signal",
            Test("item", "==", Ref("s", "item")),
            Test("level", ">", Ref("s", "level")),
        ),
    ),
)
DUNNING = Program(
    KINDS,
    (Stratum("signals", (LATE, VERY_LATE, PROMISED)), Stratum("actions", (REMINDER,))),
)
BOOK: dict[str, list[Fact]] = {
    "A": [("debt", 1, 50, "EUR", True), ("debt", 2, 20, "EUR", False), ("debt", 3, 1, "", False)],
    "B": [("debt", 1, 50, "EUR", True), ("promise", 1, "open"), ("debt", 2, 15, "CHF", True)],
    "C": [("debt", 1, 50, "EUR", True), ("promise", 1, "kept")],
    "D": [],
}


def facts_of(derived: dict[str, tuple[Derived, ...]], of: str) -> dict[str, list[Fact]]:
    return {g: [d.fact for d in ds if d.fact[0] == of] for g, ds in derived.items()}


def problems(*rules: Rule, kinds: tuple[Kind, ...] = KINDS) -> tuple[str, ...]:
    """Return what is wrong with a program in which every rule is a stratum of its own."""
    strata = tuple(Stratum(f"stratum {n}", (rule,)) for n, rule in enumerate(rules))
    with pytest.raises(ProgramError) as caught:
        Program(kinds, strata)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def rule(*when: Pattern, unless: tuple[Pattern, ...] = (), name: str = "r") -> Rule:
    return Rule(name, when, head("paused", item=1), unless)


# --- meaning, on the plain chainer


def test_a_severer_signal_or_a_promise_silences_a_reminder() -> None:
    reminders = facts_of(PlainRunner(DUNNING).run(BOOK).derived, "remind")
    assert reminders == {
        "A": [("remind", 1, 2), ("remind", 2, 1)],
        "B": [("remind", 2, 1)],
        "C": [("remind", 1, 2)],
        "D": [],
    }


def test_a_derived_fact_carries_its_rule_and_what_that_matched() -> None:
    derived = PlainRunner(DUNNING).run_group(BOOK["B"])
    assert derived[0] == Derived(
        ("paused", 1), "promised", (("debt", 1, 50, "EUR", True), ("promise", 1, "open"))
    )


def test_facts_of_one_group_never_meet_those_of_another() -> None:
    split: dict[str, list[Fact]] = {
        "one": [("debt", 1, 0, "", True)],
        "two": [("promise", 1, "open")],
    }
    assert PlainRunner(DUNNING).run(split).derived == {"one": (), "two": ()}


def test_two_patterns_may_match_the_same_fact() -> None:
    pair = Rule(
        "pair",
        (pattern("a", "debt"), pattern("b", "debt")),
        head("signal", item=Ref("a", "item"), level=Ref("b", "item")),
    )
    program = Program(KINDS, (Stratum("s", (pair,)),))
    facts: list[Fact] = [("debt", 1, 0, "", True), ("debt", 2, 0, "", True)]
    derived = PlainRunner(program).run_group(facts)
    assert [d.fact[1:] for d in derived] == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_of_several_reasons_the_one_in_fewest_steps_is_told() -> None:
    edge, path = kind("edge", a="int", b="int"), kind("path", a="int", b="int")
    longer = Rule(
        "longer",
        (pattern("p", "path"), pattern("e", "edge", Test("a", "==", Ref("p", "b")))),
        head("path", a=Ref("p", "a"), b=Ref("e", "b")),
    )
    direct = Rule(
        "direct", (pattern("e", "edge"),), head("path", a=Ref("e", "a"), b=Ref("e", "b"))
    )
    program = Program((edge, path), (Stratum("s", (longer, direct)),))
    ring: list[Fact] = [("edge", 1, 2), ("edge", 2, 3), ("edge", 3, 1), ("edge", 1, 3)]
    derived = {d.fact: d for d in PlainRunner(program).run_group(ring)}
    assert len(derived) == 9
    assert derived["path", 1, 3].rule == "direct"
    assert derived["path", 2, 2].because == (("path", 2, 1), ("edge", 1, 2))


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        (("detb", 1), "unknown kind 'detb', did you mean 'debt'?"),
        (("remind", 1, 1), "'remind' is derived by a rule and cannot be given"),
        (("promise", 1), "('promise', 1) has 1 values, 'promise' 2"),
        (("promise", 1.0, ""), "('promise', 1.0, ''): 'item' is int, not 1.0"),
        (("promise", True, ""), "('promise', True, ''): 'item' is int, not True"),
        (("promise", 1, None), "('promise', 1, None): 'state' is str, not None"),
        (("promise", 2**63, ""), f"('promise', {2**63}, ''): 'item' has more than 63 bits"),
        (("debt", 1, 1, "", 1), "('debt', 1, 1, '', 1): 'big' is bool, not 1"),
    ],
)
def test_a_fact_that_its_kind_does_not_allow_is_refused(fact: Fact, message: str) -> None:
    with pytest.raises(FactError) as caught:
        PlainRunner(DUNNING).run_group([("promise", 1, ""), fact])
    assert str(caught.value) == message


# --- what a program may not say


def test_all_problems_are_told_at_once() -> None:
    first = rule(pattern("d", "detb"), pattern("d", "debt", Test("dais", ">=", 3)))
    second = rule(pattern("d", "debt", Test("days", ">=", "3")), name="r2")
    assert problems(first, second) == (
        "rule 'r': the name 'd' is given to 2 patterns",
        "rule 'r': unknown kind 'detb', did you mean 'debt'?",
        "rule 'r': 'debt' has no field 'dais', did you mean 'days'?",
        "rule 'r2': 'days' (int) cannot take '3', which is str",
    )


@pytest.mark.parametrize(
    ("test", "message"),
    [
        (Test("days", "==", 1.5), "'days' (int) cannot take 1.5, which is float"),  # type: ignore[arg-type]
        (Test("days", "==", None), "'days' (int) cannot take None, which is NoneType"),  # type: ignore[arg-type]
        (Test("days", "==", True), "'days' (int) cannot take True, which is bool"),
        (Test("big", "==", 1), "'big' (bool) cannot take 1, which is int"),
        (
            Test("days", "<", 2**63),
            f"'days' (int) cannot take {2**63}, which has more than 63 bits",
        ),
        (Test("days", "=", 1), "unknown comparison '=', possible are == != < <= > >="),  # type: ignore[arg-type]
        (
            Test("currency", "<", "EUR"),
            "'currency' is str and has no order, '<' compares int only",
        ),
        (
            Test("days", "==", Ref("p", "item")),
            "'days' (int): no earlier pattern under 'when' is named 'p'",
        ),
    ],
)
def test_a_comparison_outside_the_fence_is_refused(test: Test, message: str) -> None:
    assert problems(rule(pattern("d", "debt", test))) == (f"rule 'r': {message}",)


def test_a_join_of_two_types_is_refused() -> None:
    bad = rule(
        pattern("d", "debt"), pattern("p", "promise", Test("state", "==", Ref("d", "item")))
    )
    assert problems(bad) == ("rule 'r': 'state' (str) cannot take 'd.item', which is int",)


def test_a_negated_pattern_cannot_be_referred_to() -> None:
    late = pattern("q", "promise", Test("item", "==", Ref("p", "item")))
    bad = rule(pattern("d", "debt"), unless=(pattern("p", "promise"), late))
    assert problems(bad) == (
        "rule 'r': 'item' (int): no earlier pattern under 'when' is named 'p'",
    )


def test_a_rule_needs_something_to_match() -> None:
    assert problems(rule(unless=(pattern("d", "debt"),))) == (
        "rule 'r': needs at least one pattern under 'when'",
    )


def test_a_derived_fact_needs_every_field_once_and_of_its_type() -> None:
    bad = Rule("r", (pattern("d", "debt"),), head("signal", level="high", lvel=1))
    assert problems(bad) == (
        "rule 'r': does not give field 'item' of 'signal'",
        "rule 'r': 'level' (int) cannot take 'high', which is str",
        "rule 'r': 'signal' has no field 'lvel', did you mean 'level'?",
    )


def test_what_a_rule_negates_must_be_complete_before() -> None:
    assert problems(REMINDER, LATE) == (
        "rule 'reminder': 'signal' is still derived in the later stratum 'stratum 1',"
        " move the rule there or further",
        "rule 'reminder': negates 'signal', which is derived in stratum 'stratum 1',"
        " move the rule to a later stratum",
    )


def test_cyclic_negation_is_refused() -> None:
    pause = Rule("pause", (pattern("r", "remind"),), head("paused", item=Ref("r", "item")))
    assert problems(LATE, REMINDER, pause)[0] == (
        "cyclic negation: 'remind' needs 'no paused' needs 'remind'"
    )


def test_a_field_has_one_type_everywhere() -> None:
    kinds = (*KINDS, kind("note", item="str"))
    assert problems(LATE, kinds=kinds) == (
        "kind 'note': field 'item' is str here and int in 'debt', a name has one type everywhere",
    )


def test_field_names_that_the_engine_cannot_tell_apart_are_refused() -> None:
    one, two = "custom_field_139599", "custom_field_322382"
    assert fnv1a(one) == fnv1a(two)
    kinds = (*KINDS, Kind("note", ((one, "int"),)), Kind("other", ((two, "int"),)))
    assert problems(LATE, kinds=kinds) == (
        f"fields '{one}' and '{two}' look the same to the network, rename one",
    )


@pytest.mark.parametrize("name", ["id", "sid", "Days", "a.b", "_c", "1", ""])
def test_names_that_mean_something_to_the_engine_are_refused(name: str) -> None:
    (problem,) = problems(LATE, kinds=(*KINDS, Kind("note", ((name, "int"),))))
    assert problem.startswith(f"kind 'note': field '{name}'")


def test_the_engine_s_limits_are_checked_before_it_meets_them() -> None:
    many = tuple(pattern(f"p{n}", (*KINDS[:3], KINDS[4])[n % 4].name) for n in range(8))
    more = tuple(pattern(f"n{n}", "debt") for n in range(8))
    joins = tuple(Test("days", ">", Ref("d", "item")) for _ in range(27))
    assert problems(
        rule(*many, unless=more),
        rule(*(pattern(f"d{n}", "debt") for n in range(3)), name="self"),
        rule(pattern("d", "debt"), pattern("e", "debt", *joins), name="joins"),
    ) == (
        "rule 'r': 16 patterns, at most 15 are possible",
        "rule 'self': matches 'debt' 3 times, at most 2 are possible, count beforehand instead",
        "rule 'joins': 'e': 27 joins, at most 26 are possible",
    )


def test_names_are_given_once() -> None:
    assert problems(LATE, LATE, kinds=(*KINDS, DEBT)) == (
        "kind 'debt' is given 2 times",
        "rule 'late' is given 2 times",
    )


def test_an_error_survives_the_way_between_processes() -> None:
    error = ProgramError(["one", "two"])
    assert pickle.loads(pickle.dumps(error)).problems == error.problems
    assert str(pickle.loads(pickle.dumps(FactError("one")))) == "one"
