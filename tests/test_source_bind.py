"""How nodes become models, and in which words what does not fit is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from dunwell.errors import NOWHERE, Place, Problem
from dunwell.source import Node, PlacedModel, bind, yaml
from dunwell.source.limits import MOST_PROBLEMS

CORPUS = sorted((Path(__file__).parent / "broken_yaml").glob("*.yaml"))


def amount(text: object) -> object:
    if isinstance(text, str) and re.fullmatch(r"\d+ [A-Z]{3}", text):
        return text
    raise ValueError(f"'{text}' is not an amount | write it like 50 EUR")


class Threshold(PlacedModel):
    at_least: Annotated[int, Field(ge=0)] | None = None
    at_most: Annotated[int, Field(ge=0)] | None = None


class When(PlacedModel):
    days_past_due: Threshold | None = None
    days_until_due: Threshold | None = None


class Remind(PlacedModel):
    template: str


class Action(PlacedModel):
    remind: Remind | None = None
    hold: str | None = None


class Stage(PlacedModel):
    stage: str
    for_: When | None = Field(None, alias="for")
    when: When | None = None
    after: int = 0
    do: tuple[Action, ...] = ()


class Approval(PlacedModel):
    by: str
    when: When | None = None


class Contacts(PlacedModel):
    kind: Literal["contacts"]
    within: int


class Letters(PlacedModel):
    kind: Literal["letters"]
    within: int


class Limits(PlacedModel):
    commands: Annotated[int, Field(gt=0)] | None = None
    share: Annotated[int, Field(le=100)] | None = None


class Policy(PlacedModel):
    policy: str
    description: str = ""
    when: When = When()
    channels: Annotated[list[Literal["email", "letter", "sms"]], Field(min_length=1)] | None = None
    minimum: Annotated[str, BeforeValidator(amount)] = "0 EUR"
    limits: Limits | None = None
    approve: str | Approval | None = None
    budget: tuple[Annotated[Contacts | Letters, Field(discriminator="kind")], ...] = ()
    stages: tuple[Stage, ...] = ()


def only(text: str) -> Node:
    (node,) = yaml.parse(text, file="p.yaml")
    return node


def refused(text: str, model: type[BaseModel]) -> list[str]:
    bound, problems = bind(only(text), model)
    assert bound is None
    return [str(problem).removeprefix("p.yaml:") for problem in problems]


def all_problems(data: bytes) -> list[Problem]:
    nodes, problems = yaml.read(data, file="p.yaml")
    for node in nodes:
        problems += bind(node, Policy)[1]
    return sorted(problems)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_every_broken_file_is_answered_with_these_words_and_no_others(path: Path) -> None:
    data = path.read_bytes()
    expected = re.findall(rb"^# expect: (.*)$", data, re.MULTILINE)
    found = [re.sub(r"^p\.yaml: ?", "", str(problem)) for problem in all_problems(data)]
    assert found == [line.decode() for line in expected]


def test_the_corpus_is_there() -> None:
    assert len(CORPUS) > 60


def test_a_whole_policy_binds() -> None:
    text = """\
policy: b2b
when: {days_past_due: {at_least: 3}}
approve: {by: ana}
budget: [{kind: contacts, within: 3}, {kind: letters, within: 9}]
stages:
  - stage: one
    for: {days_until_due: {at_most: 3}}
    do: [{remind: {template: first}}, {hold: orders}]
"""
    policy, problems = bind(only(text), Policy)
    assert problems == []
    assert policy is not None
    assert policy.when.days_past_due == Threshold(at_least=3)
    assert [type(limit) for limit in policy.budget] == [Contacts, Letters]

    stage = policy.stages[0]
    assert policy.place == Place("p.yaml", 1, 1)
    assert policy.place_of("approve") == Place("p.yaml", 3, 10)
    assert policy.place_of("description") == policy.place
    assert policy.key_places["approve"] == Place("p.yaml", 3, 1)
    assert (stage.place, stage.place_of("stage")) == (
        Place("p.yaml", 6, 5),
        Place("p.yaml", 6, 12),
    )
    assert stage.key_places["for_"] == Place("p.yaml", 7, 5)
    assert stage.do[0].remind is not None
    assert stage.do[0].remind.place_of("template") == Place("p.yaml", 8, 30)
    assert policy.budget[1].place == Place("p.yaml", 4, 39)
    assert set(stage.places) == {"stage", "for_", "do"}


def test_places_are_no_part_of_a_models_value() -> None:
    here, _ = bind(only("{kind: contacts, within: 3}"), Contacts)
    there, _ = bind(only("\n\n  {kind: contacts, within: 3}"), Contacts)
    assert here is not None
    assert there is not None
    assert here.place != there.place
    assert here == there == Contacts(kind="contacts", within=3)
    assert len({here, there}) == 1
    assert here.model_dump() == {"kind": "contacts", "within": 3}
    assert Contacts(kind="contacts", within=3).place == NOWHERE


def test_a_default_is_nowhere_and_stays_so_for_the_next_file() -> None:
    bind(only("policy: a\nwhen: {days_past_due: {at_least: 1}}\n"), Policy)
    policy, _ = bind(only("policy: a\n"), Policy)
    assert policy is not None
    assert policy.when.place == NOWHERE


class Step(PlacedModel):
    kind: str
    template: str = ""
    what: Threshold = Threshold()

    @model_validator(mode="before")
    @classmethod
    def open_up(cls, data: object) -> object:
        if isinstance(data, dict) and len(data) == 1:
            ((kind, rest),) = data.items()
            if kind != "kind":
                return {"kind": kind, **(rest if isinstance(rest, dict) else {"template": rest})}
        return data


class Steps(PlacedModel):
    do: tuple[Step, ...] = ()
    named: dict[str, Step] = Field(default_factory=dict)
    rest: RootModel[list[Step]] | None = None


def test_what_a_validator_opened_up_keeps_its_places() -> None:
    text = (
        "do: [{remind: {template: x, what: {at_least: 1}}}, {remind: y}]\nnamed: {a: {kind: z}}\n"
    )
    steps, problems = bind(only(text), Steps)
    assert problems == []
    assert steps is not None
    first, second = steps.do
    assert first.place == Place("p.yaml", 1, 6)
    assert first.place_of("template") == Place("p.yaml", 1, 26)
    assert first.what.place == Place("p.yaml", 1, 35)
    assert first.what.place_of("at_least") == Place("p.yaml", 1, 46)
    assert second.place_of("template") == Place("p.yaml", 1, 61)
    assert steps.named["a"].place_of("kind") == Place("p.yaml", 2, 19)


def test_what_is_wrong_inside_what_a_validator_opened_up_has_its_place() -> None:
    text = "do: [{remind: {template: x, what: {at_least: -1}, waht: 3}}]\nrest: [{kind: []}]\n"
    assert refused(text, Steps) == [
        "1:46: '-1' must be at least 0",
        "1:51: unknown key 'waht' (did you mean 'what'?)",
        "2:15: 'kind' must be a text",
    ]


def test_the_suggestion_is_a_key_that_is_not_there_yet() -> None:
    assert refused("{at_least: 1, at_lest: 2}", Threshold) == [
        "1:15: unknown key 'at_lest' (did you mean 'at_most'?)"
    ]


class Own(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: str = ""
    b: str = ""
    c: int | Literal["all", "none"] = 0
    d: dict[Annotated[str, Field(min_length=2)], int] = {}

    @field_validator("a")
    @classmethod
    def plain_words(cls, text: str) -> str:
        raise PydanticCustomError("own", "'{text}' is no word | try another", {"text": text})

    @field_validator("b")
    @classmethod
    def asks_the_context(cls, text: str, info: ValidationInfo) -> str:
        known = (info.context or {}).get("known", ())
        if text not in known:
            raise ValueError(f"unknown word '{text}'")
        return text


def test_the_words_of_our_own_validators_are_used_as_they_are() -> None:
    assert refused("a: x\nb: y\n", Own) == [
        "1:4: 'x' is no word (try another)",
        "2:4: unknown word 'y'",
    ]
    assert refused("a:\n", Own) == ["1:3: 'a' is empty (try another)"]


def test_validators_may_ask_the_context() -> None:
    bound, problems = bind(only("b: y\n"), Own, context={"known": ["y"]})
    assert (bound is not None, problems) == (True, [])


def test_what_several_kinds_of_value_would_satisfy_is_said_in_one_message() -> None:
    assert refused("c: some", Own) == ["1:4: 'some' must be a whole number, or one of: all, none"]


def test_a_wrong_key_of_a_free_mapping_is_pointed_at() -> None:
    assert refused("d: {x: 1, yy: z}", Own) == [
        "1:5: 'x' must be at least 2 characters long",
        "1:15: 'z' must be a whole number",
    ]


class Deep(PlacedModel):
    any_of: tuple[Deep, ...] = ()
    over: Annotated[int, Field(ge=0)] | None = None


def test_conditions_inside_conditions_are_blamed_at_their_own_place() -> None:
    text = "any_of:\n  - any_of: [{over: -1}, {ovr: 2}]\n  - over: 3\n"
    assert refused(text, Deep) == [
        "2:21: '-1' must be at least 0",
        "2:27: unknown key 'ovr' (did you mean 'over'?)",
    ]


def test_more_than_a_hundred_problems_are_cut() -> None:
    text = "policy: x\nchannels:\n" + "  - fax\n" * 500
    bound, problems = bind(only(text), Policy)
    assert bound is None
    assert len(problems) == MOST_PROBLEMS + 1
    assert problems[0].where == Place("p.yaml", 3, 5)


words = st.sampled_from(
    [
        "policy",
        "when",
        "stages",
        "do",
        "remind",
        "template",
        "approve",
        "by",
        "budget",
        "kind",
        "contacts",
        "within",
        "days_past_due",
        "at_least",
        "channels",
        "email",
        "-1",
        "3",
        "x",
        "",
    ]
)
nodes = st.recursive(
    words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=4),
    max_leaves=15,
)


@given(nodes)
@settings(deadline=None, max_examples=300)
def test_whatever_is_written_binds_or_is_refused_at_a_place_in_it(data: object) -> None:
    text = repr(data)
    read, problems = yaml.read(text, file="p.yaml")
    assert problems == []
    bound, problems = bind(read[0], Policy)
    assert (bound is None) == bool(problems)
    for problem in problems:
        assert problem.where.line == 1
        assert 1 <= problem.where.column <= len(text)
        assert problem.message[:1] != problem.message[:1].upper() or problem.message[0] == "'"
    if isinstance(bound, Policy):
        assert bound.place == Place("p.yaml", 1, 1)
