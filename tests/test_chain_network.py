"""The network and the plain chainer derive the same from whatever rules and facts."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from dunwell.decide.chain import (
    Fact,
    Incident,
    Pattern,
    PlainRunner,
    Program,
    Ref,
    Rule,
    Stratum,
    Test,
    Value,
    available,
    head,
    kind,
    pattern,
)
from dunwell.decide.chain.check import MAX_INT, fnv1a
from dunwell.decide.chain.engine import NetworkError, raw_engine
from dunwell.decide.chain.form import Op
from dunwell.decide.chain.wire import ALIASES

if available() is not None:
    pytest.skip(str(available()), allow_module_level=True)

from dunwell.decide.chain import network
from dunwell.decide.chain.network import DurableRunner

WORDS = (
    "",
    "EUR",
    "CHF",
    "E",
    'a "quoted" \\ text',
    "ä€\U0001f600",
    "\x00\n",
    "true",
    "1",
    "null",
)
NUMBERS = (-MAX_INT, -(2**53) - 1, -1, 0, 1, 2, 3, 2**31, 2**53, 2**53 + 1, MAX_INT - 1, MAX_INT)
BASE = (
    kind("a", x="int", y="int", s="str"),
    kind("b", x="int", s="str", t="bool"),
    kind("c", x="int", y="int", t="bool"),
)
STEP = (
    kind("p", x="int", y="int", s="str", t="bool"),
    kind("q", x="int", s="str"),
    kind("u", y="int", t="bool"),
)
SHAPES = {k.name: dict(k.fields) for k in (*BASE, *STEP)}
OPS: tuple[Op, ...] = ("==", "!=", "<", "<=", ">", ">=")
joined = st.booleans()
# Mostly values that meet again, else nothing would ever join.
small: st.SearchStrategy[int] = st.sampled_from((0, 1, 2) * 8 + NUMBERS)
values: dict[str, st.SearchStrategy[Value]] = {
    "int": small,
    "str": st.sampled_from(WORDS[:3] * 8 + WORDS),
    "bool": st.booleans(),
}


@st.composite
def comparisons(draw: st.DrawFn, of: str, earlier: dict[str, str]) -> Test:
    field = draw(st.sampled_from(sorted(SHAPES[of])))
    type_ = SHAPES[of][field]
    op = draw(st.sampled_from(OPS if type_ == "int" else OPS[:2]))
    refs: list[Ref] = [
        Ref(alias, name)
        for alias, kind_ in earlier.items()
        for name, other in SHAPES[kind_].items()
        if other == type_
    ]
    if draw(joined) and refs:
        return Test(field, op, draw(st.sampled_from(refs)))
    return Test(field, op, draw(values[type_]))


@st.composite
def rules(draw: st.DrawFn, name: str, body: list[str], absent: list[str], give: list[str]) -> Rule:
    matched: dict[str, str] = {}
    when = []
    for n in range(draw(st.integers(1, 3))):
        of = draw(st.sampled_from([k for k in body if list(matched.values()).count(k) < 2]))
        tests = draw(st.lists(comparisons(of, matched), max_size=2))
        when.append(Pattern(f"w{n}", of, tuple(tests)))
        matched[f"w{n}"] = of
    unless = []
    for n in range(draw(st.integers(0, 2))):
        of = draw(st.sampled_from(absent))
        unless.append(
            Pattern(f"n{n}", of, tuple(draw(st.lists(comparisons(of, matched), max_size=2))))
        )
    of = draw(st.sampled_from(give))
    given_values: dict[str, Value | Ref] = {}
    for field, type_ in SHAPES[of].items():
        choices: list[Value | Ref] = [
            Ref(alias, other)
            for alias, kind_ in matched.items()
            for other, type2 in SHAPES[kind_].items()
            if type2 == type_
        ]
        choices.append(draw(values[type_]))
        given_values[field] = draw(st.sampled_from(choices))
    return Rule(name, tuple(when), head(of, **given_values), tuple(unless))


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Draw up to three strata; what is derived in one, only later ones may negate."""
    base = [k.name for k in BASE]
    strata = []
    done: list[str] = []
    steps = [["p", "q"], ["u"]] if draw(st.booleans()) else [["p"], ["q"], ["u"]]
    for n, give in enumerate(steps):
        count = draw(st.integers(1, 4))
        strata.append(
            Stratum(
                f"s{n}",
                tuple(
                    draw(rules(f"r{n}{m}", [*base, *done, *give], [*base, *done], give))
                    for m in range(count)
                ),
            )
        )
        done += give
    return Program((*BASE, *STEP), tuple(strata))


facts = st.one_of(
    st.tuples(st.just("a"), small, small, values["str"]),
    st.tuples(st.just("b"), small, values["str"], st.booleans()),
    st.tuples(st.just("c"), small, small, st.booleans()),
)
books = st.dictionaries(
    st.sampled_from([f"account {n}" for n in range(12)]),
    st.lists(facts, min_size=1, max_size=8),
    min_size=1,
    max_size=12,
)


@settings(
    max_examples=max(250, settings().max_examples),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(programs(), books, st.integers(1, 6), st.randoms(use_true_random=False))
def test_the_network_derives_what_the_plain_chainer_derives(
    program: Program, book: dict[str, list[Fact]], size: int, rnd: random.Random
) -> None:
    expected = PlainRunner(program).run(book)
    event(
        f"{min(sum(map(len, expected.derived.values())), 16).bit_length()} bits of derived facts"
    )
    shuffled = [(group, rnd.sample(given, len(given))) for group, given in book.items()]
    rnd.shuffle(shuffled)
    runner = DurableRunner(program, session_groups=size)
    try:
        assert runner.run(dict(shuffled)) == expected
        assert runner.run(dict(book)) == expected  # nothing is left of the sessions before
        for group in book:
            assert runner.run({group: book[group]}).derived[group] == expected.derived[group]
    finally:
        runner.close()


@pytest.mark.parametrize("op", OPS)
def test_whole_numbers_compare_exactly_as_constants_and_in_joins(op: Op) -> None:
    n, hit = kind("n", v="int"), kind("hit", rule="int", v="int")
    against = tuple(
        Rule(
            f"{c}",
            (pattern("a", "n", Test("v", op, c)),),
            head("hit", rule=i, v=Ref("a", "v")),
        )
        for i, c in enumerate(NUMBERS)
    )
    both = Rule(
        "both",
        (pattern("a", "n"), pattern("b", "n", Test("v", op, Ref("a", "v")))),
        head("hit", rule=Ref("a", "v"), v=Ref("b", "v")),
    )
    program = Program((n, hit), (Stratum("s", (*against, both)),))
    book: dict[str, list[Fact]] = {"A": [("n", number) for number in NUMBERS]}
    assert DurableRunner(program).run(book) == PlainRunner(program).run(book)


def test_more_rules_than_one_network_can_bear_are_split() -> None:
    n, hit, seen = kind("n", v="int"), kind("hit", v="int"), kind("seen", v="int")
    steps = [
        Rule(f"r{i}", (pattern("a", "n", Test("v", ">=", i)),), head("hit", v=i))
        for i in range(700)
    ]
    back = Rule("back", (pattern("h", "hit"),), head("seen", v=Ref("h", "v")))
    program = Program((n, hit, seen), (Stratum("s", (back, *steps)),))
    book: dict[str, list[Fact]] = {"A": [("n", 650)], "B": [("n", 699), ("n", 3)]}
    outcome = DurableRunner(program).run(book)
    assert len(outcome.derived["A"]) == 2 * 651
    assert outcome == PlainRunner(program).run(book)


def test_a_rule_of_fifteen_patterns_and_twenty_six_joins_works() -> None:
    kinds = (*(kind(f"k{n}", v="int") for n in range(8)), kind("hit", v="int"))
    joins = tuple(Test("v", ">=", Ref("p0", "v")) for _ in range(26))
    wide = Rule(
        "wide",
        tuple(pattern(f"p{n}", f"k{n // 2}", *(joins if n else ())) for n in range(8)),
        head("hit", v=Ref("p7", "v")),
        tuple(
            pattern(f"n{n}", f"k{n}", Test("v", ">", 3), Test("v", "==", Ref("p7", "v")))
            for n in range(7)
        ),
    )
    program = Program(kinds, (Stratum("s", (wide,)),))
    book: dict[str, list[Fact]] = {
        "A": [(f"k{n}", 1) for n in range(8)],
        "B": [(f"k{n}", n) for n in range(8)],
        "C": [(f"k{n}", 4) for n in range(8)],
    }
    outcome = DurableRunner(program).run(book)
    assert [len(outcome.derived[group]) for group in "ABC"] == [1, 1, 0]
    assert outcome == PlainRunner(program).run(book)


def test_a_group_with_too_many_pairs_is_left_to_the_plain_chainer() -> None:
    twin = Rule(
        "twin",
        (pattern("a", "c"), pattern("b", "c", Test("x", "==", Ref("a", "x")))),
        head("u", y=Ref("b", "y"), t=False),
    )
    program = Program((*BASE, *STEP), (Stratum("s", (twin,)),))
    book: dict[str, list[Fact]] = {
        "small": [("c", 1, 2, True), ("c", 1, 3, True)],
        "large": [("c", n // 2, n, True) for n in range(501)],
    }
    outcome = DurableRunner(program).run(book)
    assert outcome.derived == PlainRunner(program).run(book).derived
    what = "501 facts of kind 'c', in pairs, are too many for the network"
    assert outcome.incidents == (Incident("large", what),)


def test_an_engine_that_loses_facts_is_noticed() -> None:
    copy = Rule("copy", (pattern("a", "a"),), head("q", x=Ref("a", "x"), s=""))

    class Lossy:
        """Drops the rest of a batch, as the real engine does behind a fact that it cannot read."""

        def __getattr__(self, name: str) -> object:
            return getattr(raw_engine(), name)

        def assert_facts(self, handle: int, batch: str) -> tuple[int, int]:
            first = batch.split("},")[0].lstrip("[").rstrip("}]")
            return raw_engine().assert_facts(handle, "[" + first + "}]")

    runner = network.DurableRunner(Program((*BASE, *STEP), (Stratum("s", (copy,)),)))
    for networks in runner._strata:
        for one in networks:
            one._engine = Lossy()  # type: ignore[assignment]
    with pytest.raises(NetworkError, match="facts were lost"):
        runner.run({"A": [("a", 1, 2, ""), ("a", 2, 2, "")]})
    with pytest.raises(NetworkError, match="the runner is closed"):
        runner.run({"A": [("a", 1, 2, ""), ("a", 2, 2, "")]})


def test_the_ids_of_the_facts_of_a_session_all_have_different_hashes() -> None:
    ids = [f"f{n}" for n in range(network.MAX_IDS)]
    assert len({fnv1a(name) for name in ids}) == len(ids)


def test_the_names_of_patterns_fall_into_the_engine_s_slots_in_order() -> None:
    assert [fnv1a(name) % 16 for name in ALIASES] == list(range(16))
