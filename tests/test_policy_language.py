"""What the policy language means: files to the tree, and the schema and reference made from it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import date, time
from fractions import Fraction
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.calendar import Duration, Window
from dunwell.casefile.words import Test as Story
from dunwell.errors import NOWHERE, Place
from dunwell.facts import Fact, Registry
from dunwell.money import Money
from dunwell.policy import actions, house_file, language, publish, tree
from dunwell.policy.reference import reference, snake, word
from dunwell.policy.schema import json_schema
from dunwell.policy.tree import BySegment, Every, Neither, Some
from dunwell.port import HOLD_KINDS
from dunwell.source.bind import bind
from dunwell.source.comparisons import Words
from dunwell.source.conditions import read_condition
from dunwell.source.house import load_house
from dunwell.source.nodes import ListNode, MapNode, Node
from dunwell.source.yaml import parse

ROOT = Path(__file__).parent.parent
DESIGN = ROOT / "tests" / "data" / "design_policy.yaml"


def load(*paths: Path) -> tree.House:
    house, problems = load_house(paths, registry=Registry(), channels={"email"})
    assert [problem for problem in problems if problem.level == "error"] == []
    assert house is not None
    return house


def condition(text: str) -> tree.Condition:
    words = Words(Registry(), segments=("big", "small"), stages=("mild", "severe"))
    read = read_condition(parse(text, file="a.yaml")[0], scope="any", words=words)
    assert words.problems == []
    return read


def bare(test: tree.Condition) -> tuple[object, ...]:
    assert isinstance(test, tree.Test)
    return test.fact, test.op, test.value, test.within


def test_the_house_of_the_design_is_read_in_full() -> None:
    house = load(DESIGN)
    assert house.name == "acme_group"
    assert [policy.name for policy in house.policies] == ["public_bodies", "b2b_standard"]
    assert house.calendar.holidays == ("ES",)
    assert house.calendar.timezone == "Europe/Madrid"
    assert house.calendar.due_rolls == house.calendar.send_rolls == "next_business_day"
    assert house.bank_data_within == Duration(2, "business days")
    limits = (house.limits.commands, house.limits.share_of_accounts, house.limits.money)
    assert limits == (500, Fraction(1, 5), Money(25000000, "EUR"))
    assert [(b.contacts, str(b.within)) for b in house.budget] == [(1, "1 day"), (3, "14 days")]
    assert house.roles == {"collector": "ana@acme.example", "credit_manager": "luis@acme.example"}
    assert house.contact.channels == ("email",)
    assert house.contact.windows == {"email": Window("business", time(8), time(19))}
    assert [(p.name, p.listed, p.lift) for p in house.pause] == [
        ("promised", False, False),
        ("just_paid", False, False),
        ("leftover", True, True),
        ("at_agency", False, False),
    ]
    assert house.pause[0].grace == Duration(2, "business days")
    assert [(v.name, v.action) for v in house.veto] == [("no_holds_on_public_bodies", ("hold",))]


def test_the_ladder_of_the_design_is_read_in_full() -> None:
    policy = load(DESIGN).policies[1]
    stages = {stage.name: stage for stage in policy.ladder}
    assert list(stages) == ["courtesy", "first_notice", "call", "stop_supply", "agency"]
    assert stages["first_notice"].was == ("reminder_1",)
    assert policy.stage("reminder_1") == 1
    threshold = BySegment({"strategic": 10, "habitual_late": 2}, 5)
    expected = ("days_past_due", "at_least", threshold, None)
    assert bare(stages["first_notice"].when) == expected
    assert stages["call"].after == Duration(7, "days")
    stop = stages["stop_supply"]
    assert [action.id for action in stop.do] == ["hold:orders", "remind"]
    assert [action.standing for action in stop.do] == [True, False]
    assert stop.do[1].pay_by == Duration(7, "days")
    assert stop.approve is not None
    assert stop.approve.by == "credit_manager"
    assert bare(stop.approve.when)[:3] == ("overdue", "over", Money(100000, "EUR"))
    assert stop.repeat is not None
    assert (stop.repeat.every, stop.repeat.at_most) == (Duration(14, "days"), 2)
    assert stop.jump is not None
    assert stages["agency"].approve is not None
    assert stages["agency"].approve.when == tree.ALWAYS
    assert [watch.name for watch in policy.watch] == ["bounced", "statement"]
    assert policy.watch[1].repeat is not None
    assert policy.watch[1].repeat.on_day == 1
    assert policy.adopt[0].at == "call"
    assert policy.pause is None


def test_every_part_knows_where_it_was_written() -> None:
    house = load(DESIGN)
    lines = DESIGN.read_text(encoding="utf-8").splitlines()

    def at(place: Place) -> str:
        assert place.file == str(DESIGN)
        return lines[place.line - 1][place.column - 1 :]

    for policy in house.policies:
        assert at(policy.place).startswith("policy: ")
        for stage in policy.ladder:
            assert at(stage.place).startswith(f"stage: {stage.name}")
            for action in stage.do:
                assert at(action.place).startswith(f"{action.kind}: ")
            for test in tree.tests(stage.when):
                assert at(test.place).startswith(f"{test.fact}: ")
        for watch in policy.watch:
            assert at(watch.place).startswith(f"watch: {watch.name}")
    for pause in house.pause:
        assert f"pause: {pause.name}" in at(pause.place)


def test_house_and_policies_may_be_in_files_of_their_own(tmp_path: Path) -> None:
    documents = DESIGN.read_text(encoding="utf-8").split("---\n")
    paths = []
    for index, text in enumerate(documents):
        paths.append(tmp_path / f"{index}.yaml")
        paths[-1].write_text(text, encoding="utf-8")
    whole = load(DESIGN)
    assert [p.name for p in load(*reversed(paths)).policies] == [p.name for p in whole.policies]
    assert load(*paths, paths[0]).limits.commands == whole.limits.commands


def test_without_a_house_the_policies_are_asked_in_the_order_of_the_files(tmp_path: Path) -> None:
    for name in ("b", "a"):
        text = f"policy: {name}\ncurrency: EUR\nwatch:\n"
        text += "  - {watch: w, when: {bounced: true}, do: [{note: {text: x}}]}\n"
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    house = load(tmp_path / "b.yaml", tmp_path / "a.yaml")
    assert house.name == "b"
    assert [policy.name for policy in house.policies] == ["b", "a"]
    assert house.contact.channels == ("email",)


def test_tests_beside_a_policy_are_passed_by(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    story = "---\ntest: a story\npolicy: b2b_standard\nanything: goes\n"
    path.write_text(DESIGN.read_text(encoding="utf-8") + story, encoding="utf-8")
    assert len(load(path).policies) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{days_past_due: 5}", ("days_past_due", "is", (5,), None)),
        (
            "{days_past_due: {over: 5 business days}}",
            ("days_past_due", "over", Duration(5, "business days"), None),
        ),
        ("{to_pay: {under: 0.50 EUR}}", ("to_pay", "under", Money(50, "EUR"), None)),
        ("{to_pay: {under: 50 JPY}}", ("to_pay", "under", Money(50, "JPY"), None)),
        ("{paid_share: {at_least: 12.5 %}}", ("paid_share", "at_least", Fraction(1, 8), None)),
        ("{issued: {before: 2026-03-01}}", ("issued", "before", date(2026, 3, 1), None)),
        ("{bounced: false}", ("bounced", "is", (False,), None)),
        ("{credit_limit: {known: false}}", ("credit_limit", "known", False, None)),
        ("{customer_country: NO}", ("customer_country", "is", ("NO",), None)),
        ("{payment_terms: 12:30}", ("payment_terms", "is", ("12:30",), None)),
        ("{customer_tag: {not: [vip, key]}}", ("customer_tag", "not", ("vip", "key"), None)),
        ("{stage: {at_least: severe}}", ("stage", "at_least", "severe", None)),
        ("{segment: [big, small]}", ("segment", "is", ("big", "small"), None)),
        (
            "{late_share: {within: 12 months, over: 60 %}}",
            ("late_share", "over", Fraction(3, 5), Duration(12, "months")),
        ),
        (
            "{to_pay: {over: {by_segment: {big: 9 EUR, else: 5 EUR}}}}",
            ("to_pay", "over", BySegment({"big": Money(900, "EUR")}, Money(500, "EUR")), None),
        ),
        (
            "{to_pay: {over: {by_segment: {big: 9 EUR, small: 5 EUR}}}}",
            (
                "to_pay",
                "over",
                BySegment({"big": Money(900, "EUR"), "small": Money(500, "EUR")}, None),
                None,
            ),
        ),
    ],
)
def test_a_test_is_typed_by_its_fact(text: str, expected: tuple[object, ...]) -> None:
    assert bare(condition(text)) == expected


def test_all_tests_of_a_mapping_must_hold() -> None:
    both = condition("{days_past_due: {at_least: 5, under: 9}, to_pay: {over: 5 EUR}}")
    assert isinstance(both, Every)
    assert [(bare(part)[:2]) for part in both.parts] == [
        ("days_past_due", "at_least"),
        ("days_past_due", "under"),
        ("to_pay", "over"),
    ]


def test_conditions_nest() -> None:
    nested = condition(
        "{any_of: [{promise: broken}, {none_of: [{bounced: true}]}], due: {known: true}}"
    )
    assert isinstance(nested, Every)
    some, due = nested.parts
    assert isinstance(some, Some)
    assert isinstance(some.parts[1], Neither)
    assert bare(due)[:3] == ("due", "known", True)
    assert [test.fact for test in tree.tests(nested)] == ["promise", "bounced", "due"]


@given(st.integers(0, 10**12), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_a_money_threshold_is_exact(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert bare(condition(f"{{to_pay: {{over: {money}}}}}"))[2] == money


@given(st.decimals(0, 100, places=3))
def test_a_share_is_exact(percent: object) -> None:
    value = bare(condition(f"{{paid_share: {{over: {percent} %}}}}"))[2]
    assert value == Fraction(str(percent)) / 100


def test_the_kinds_of_hold_are_those_of_the_port() -> None:
    assert get_args(actions.Hold.model_fields["kind"].annotation) == HOLD_KINDS


def as_an_editor_reads_it(node: Node) -> object:
    """Scalars by the core schema of YAML 1.2, which editors follow."""
    if isinstance(node, MapNode):
        return {key.text: as_an_editor_reads_it(value) for key, value in node.entries}
    if isinstance(node, ListNode):
        return [as_an_editor_reads_it(item) for item in node.items]
    if node.quoted:
        return node.text
    if node.text in ("true", "false"):
        return node.text == "true"
    if node.text.lstrip("-").isdigit():
        return int(node.text)
    try:
        return float(node.text)
    except ValueError:
        return node.text or None


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads((ROOT / "docs" / publish.SCHEMA).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def documents(path: Path) -> Iterator[object]:
    for node in parse(path.read_text(encoding="utf-8"), file=str(path)):
        yield as_an_editor_reads_it(node)


def test_the_schema_accepts_the_policy_of_the_design(
    validator: jsonschema.Draft202012Validator,
) -> None:
    for document in documents(DESIGN):
        validator.validate(document)


# What a schema cannot say: names used elsewhere in the file, plugins, what holds together.
BEYOND_A_SCHEMA = (
    "never", "house_", "policy_twice", "policy_does_nothing", "role_", "stage_twice", "stage_was",
    "stage_without_item", "stage_repeat", "stage_unknown", "segment_", "by_segment_unknown",
    "by_segment_incomplete", "by_segment_in_a_segment", "pause_", "watch_", "adopt_", "calendar_",
    "action_two_reminders", "action_hold_twice", "window_hours_backwards", "channel_twice",
    "money_too", "money_yen", "money_unknown", "days_in", "date_impossible", "share_over",
    "within_nothing", "list_twice", "country", "key_twice", "anchor", "window_unknown",
    "value_empty", "policy_currency", "person_", "days_too", "number_too",
)  # fmt: skip


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in sorted((ROOT / "tests" / "broken").glob("*.yaml"))
        if not path.name.startswith(BEYOND_A_SCHEMA)
    ],
    ids=lambda path: path.stem,
)
def test_the_schema_refuses_what_has_a_wrong_shape(
    path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    assert not all(validator.is_valid(document) for document in documents(path))


def test_most_broken_files_are_refused_by_the_schema_already() -> None:
    paths = list((ROOT / "tests" / "broken").glob("*.yaml"))
    shapes = [path for path in paths if not path.name.startswith(BEYOND_A_SCHEMA)]
    assert len(shapes) > 80


@pytest.mark.parametrize("name", [publish.SCHEMA, publish.REFERENCE])
def test_the_published_files_are_up_to_date(name: str) -> None:
    published = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert published == publish.files(Registry(), test=Story)[name], "run: make schema"


def test_publishing_writes_the_files_it_names(tmp_path: Path) -> None:
    assert publish.main([str(tmp_path / "docs")]) == 0
    assert {path.name for path in (tmp_path / "docs").iterdir()} == set(publish.files(Registry()))
    assert publish.main([]) == 2


def test_the_schema_offers_every_fact_where_it_may_be_read() -> None:
    gain = Fact("gain", "item", "money", "what is gained", counted=True, origin="gains")
    definitions = json_schema(Registry([gain]), ["email", "fax"])["$defs"]
    assert isinstance(definitions, dict)

    def offered(scope: str) -> set[str]:
        found = definitions[f"{scope}_condition"]
        assert isinstance(found, dict)
        assert isinstance(found["properties"], dict)
        return set(found["properties"])

    assert offered("any") == {*Registry(), "gain", "any_of", "all_of", "none_of"}
    assert not {"gain", "overdue"} & offered("pause")
    assert "days_past_due" in offered("pause") - offered("segment")
    assert "segment" not in offered("segment") | offered("account")
    assert "stage" not in offered("account")
    assert '"fax"' in json.dumps(definitions["Contact"])


def test_the_schema_describes_every_word() -> None:
    definitions = json_schema(Registry(), ["email"])["$defs"]
    assert isinstance(definitions, dict)
    for name, part in definitions.items():
        assert isinstance(part, dict)
        if not name.startswith(("value_", "threshold_")):
            assert part["description"], name
        properties = part.get("properties", {})
        assert isinstance(properties, dict)
        for field, value in properties.items():
            assert isinstance(value, dict)
            assert value["description"], f"{name}.{field}"


def test_a_model_of_tests_joins_the_schema() -> None:
    schema = json_schema(Registry(), ["email"], test=actions.Do)
    assert schema["anyOf"] == [{"$ref": f"#/$defs/{name}"} for name in ("House", "Policy", "Do")]


def test_every_example_of_the_reference_is_read_without_complaint() -> None:
    words = Words(
        Registry(), segments=("strategic",), stages=("first_notice", "call"), one_policy=False
    )
    for each in reference(Registry()):
        if each.kind in ("fact", "test"):
            read_condition(parse(each.example, file=each.name)[0], scope="any", words=words)
    assert words.problems == []


PARTS = [
    part
    for module in (actions, language, house_file)
    for part in vars(module).values()
    if isinstance(part, type) and issubclass(part, actions.Part) and part is not actions.Part
]


@pytest.mark.parametrize("part", sorted(set(PARTS), key=str))
def test_every_part_is_in_the_reference_with_an_example_that_binds(
    part: type[actions.Part],
) -> None:
    found = word(snake(part.__name__), reference(Registry()))[0][0]
    assert found.meaning == " ".join((part.__doc__ or "").split())
    if part not in (house_file.House, language.Policy, actions.Do):
        assert bind(parse(found.example, file="example")[0], part)[1] == []


def test_a_word_is_found_by_its_name_and_by_its_part() -> None:
    words = reference(Registry())
    found, _ = word("when", words)
    assert {each.of for each in found} >= {"stage", "watch", "pause", "segment", "veto"}
    found, _ = word("stage.when", words)
    assert [each.of for each in found] == ["stage"]
    assert found[0].required
    assert word("days-past-due", words)[0][0].kind == "fact"
    assert word("days_past_du", words) == ([], "days_past_due")
    assert word("zzz", words) == ([], "")
    assert word("charge", words)[0][0].kind == "reserved"


def test_every_word_has_a_meaning() -> None:
    for each in reference(Registry()):
        assert each.meaning.endswith(".")
        assert each.kind in ("part", "action", "reserved") or each.form


def test_a_plugin_is_named_in_the_reference_of_its_fact() -> None:
    gain = Fact("gain", "item", "money", "what is gained", origin="gains")
    assert "from the plugin gains" in word("gain", reference(Registry([gain])))[0][0].meaning


def test_a_large_policy_is_read_in_full(tmp_path: Path) -> None:
    chance = random.Random(7)
    lines = ["policy: p", "currency: EUR", "ladder:"]
    for index in range(500):
        lines += [
            f"  - stage: s{index}",
            f"    when: {{days_past_due: {{at_least: {chance.randrange(400)}}}}}",
            "    after: 2 days",
            "    do:",
            f"      - note: {{text: 'number {index}'}}",
        ]
    path = tmp_path / "large.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    policy = load(path).policies[0]
    assert len(policy.ladder) == 500
    assert policy.ladder[-1].do[0].text == "number 499"
    assert policy.place != NOWHERE
