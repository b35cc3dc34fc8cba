"""Every fault of a policy is told at its place in words that help: one broken file for each."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.errors import Problem
from dunwell.facts import Fact, Registry
from dunwell.policy.actions import RESERVED
from dunwell.policy.language import HOUSE_ONLY
from dunwell.source.house import load_house

ROOT = Path(__file__).parent.parent
BROKEN = sorted(path.name for path in (ROOT / "tests" / "broken").glob("*.yaml"))
DESIGN = (ROOT / "tests" / "data" / "design_policy.yaml").read_text(encoding="utf-8")
EXPECT = "# expect: "
LINES = DESIGN.splitlines(keepends=True)


def check(*paths: Path) -> list[Problem]:
    return load_house(paths, registry=Registry(), channels={"email"})[1]


def faults(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return [str(problem).removeprefix(f"{path}:") for problem in check(path)]


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_answered_with_its_words_and_no_others(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    path = Path("tests", "broken", name)
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = [line.removeprefix(EXPECT) for line in lines if line.startswith(EXPECT)]
    found = [str(problem).removeprefix(f"{path}:") for problem in check(path)]
    assert found == expected
    assert expected


@pytest.mark.parametrize("name", BROKEN)
def test_messages_are_lower_case_without_full_stop(name: str) -> None:
    for problem in check(ROOT / "tests" / "broken" / name):
        assert problem.message == problem.message.strip().rstrip(".")
        assert problem.message[0].islower() or problem.message[0] in "'0123456789"
        assert not problem.hint.endswith(".") or problem.hint.endswith("...")


def test_the_corpus_covers_the_language() -> None:
    assert len(BROKEN) >= 160


def test_the_design_with_its_reserved_words_is_refused_at_each_of_them(tmp_path: Path) -> None:
    text = DESIGN.replace("veto:  ", "compliance: [es_b2b]\nveto:  ", 1)
    text = text.replace("channels: [email]", "channels: [email, sms, letter]")
    found = faults(tmp_path, text)
    assert len([line for line in found if "warning" not in line]) == 3
    assert any("the channel 'sms' is not available" in line for line in found)
    assert any("the channel 'letter' is not available" in line for line in found)
    assert any("'compliance' is not available yet" in line for line in found)


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_a_reserved_word_is_refused_by_name_wherever_it_stands(word: str, tmp_path: Path) -> None:
    action = f"do: [{{{word}: {{}}}}, {{note: {{text: x}}}}]"
    for line in ("watch: w", f"{word}: x\n    watch: w"):
        text = (
            f"policy: p\ncurrency: EUR\n{word}: x\nwatch:\n  - {line}\n"
            f"    when: {{bounced: true}}\n    {action}\n"
        )
        found = faults(tmp_path, text)
        assert len(found) == text.count(f"{word}:")
        assert all(f"'{word}' is not available yet (leave it out" in each for each in found)


@pytest.mark.parametrize("word", HOUSE_ONLY)
def test_a_policy_does_not_replace_what_is_one_for_all(word: str, tmp_path: Path) -> None:
    text = f"policy: p\ncurrency: EUR\n{word}: []\nwatch:\n  - watch: w\n"
    text += "    when: {bounced: true}\n    do: [{note: {text: x}}]\n"
    message = f"3:1: '{word}' must be one for all policies (write it in the house file)"
    assert faults(tmp_path, text) == [message]


def test_the_problems_of_all_files_come_at_once_and_sorted(tmp_path: Path) -> None:
    one, two = tmp_path / "a.yaml", tmp_path / "b.yaml"
    two.write_text("policy: p\ncurrency: EURO\n", encoding="utf-8")
    one.write_text("house: h\npolicies: [q]\nlimits: {commands: many}\n", encoding="utf-8")
    found = check(two, one, tmp_path / "none.yaml")
    assert found == sorted(found)
    places = [(Path(problem.where.file).name, problem.where.line) for problem in found]
    assert places == [("a.yaml", 2), ("a.yaml", 3), ("b.yaml", 1), ("b.yaml", 2), ("none.yaml", 0)]


def test_a_stage_with_a_wrong_shape_has_its_conditions_checked_too(tmp_path: Path) -> None:
    text = "policy: p\ncurrency: EUR\nladder:\n  - stage: s\n    when: {days_past_du: 3}\n"
    found = faults(tmp_path, text + "    after: soon\n    do: [{remind: {}}]\n")
    assert [line.split(":")[0] for line in found] == ["5", "6", "7"]


def test_a_fault_in_one_stage_does_not_make_its_name_unknown(tmp_path: Path) -> None:
    text = "policy: p\ncurrency: EUR\nadopt: [{when: {days_past_due: {over: 90}}, at: s}]\n"
    text += (
        "ladder:\n  - {stage: s, when: {days_past_due: 5}, after: 7, do: [{note: {text: x}}]}\n"
    )
    assert len(faults(tmp_path, text)) == 1


def test_a_fact_of_a_plugin_is_known_with_its_type(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(
        "policy: p\ncurrency: EUR\nladder:\n  - stage: s\n"
        "    when: {days_past_due: 5, insured: {over: 5 EUR}}\n    do: [{note: {text: x}}]\n",
        encoding="utf-8",
    )
    insured = Fact("insured", "item", "money", "the insured part", origin="insurance")
    house, problems = load_house([path], registry=Registry([insured]), channels=())
    assert problems == []
    assert house is not None
    flag = Fact("insured", "item", "flag", "whether it is insured", origin="insurance")
    _, problems = load_house([path], registry=Registry([flag]), channels=())
    assert "'insured' is true or false" in problems[0].message


def test_a_calendar_of_a_plugin_is_known(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    text = "policy: p\ncurrency: EUR\ncalendar: {holidays: ACME}\nwatch:\n"
    text += "  - {watch: w, when: {bounced: true}, do: [{note: {text: x}}]}\n"
    path.write_text(text, encoding="utf-8")
    registry = Registry()
    assert len(load_house([path], registry=registry, channels=())[1]) == 1
    _, problems = load_house([path], registry=registry, channels=(), calendars={"ACME"})
    assert problems == []


def test_no_files_are_no_house() -> None:
    house, problems = load_house([], registry=Registry(), channels=())
    assert house is None
    assert [problem.message for problem in problems] == ["no policy in these files"]


@given(
    st.integers(0, len(DESIGN) - 1),
    st.integers(1, 12),
    st.sampled_from(["", "x", ": ", "{", "]", "- ", "\n", "  ", "'", "5 EUR", "null", "{}", "[]"]),
)
def test_no_damage_to_a_file_is_answered_with_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, new: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.yaml"
    path.write_text(DESIGN[:start] + new + DESIGN[start + length :], encoding="utf-8")
    house, problems = load_house([path], registry=Registry(), channels={"email"})
    errors = [problem for problem in problems if problem.level == "error"]
    assert (house is None) == bool(errors)
    assert problems == sorted(problems)


@given(st.lists(st.integers(0, len(LINES) - 1), max_size=4))
def test_no_missing_line_is_answered_with_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, gone: list[int]
) -> None:
    path = tmp_path_factory.getbasetemp() / "short.yaml"
    kept = [line for index, line in enumerate(LINES) if index not in gone]
    path.write_text("".join(kept), encoding="utf-8")
    house, problems = load_house([path], registry=Registry(), channels={"email"})
    assert house is not None or any(problem.level == "error" for problem in problems)
