"""What YAML the door lets in, and in which words it refuses the rest."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml as pyyaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.errors import Place, Problem, ProblemsError
from dunwell.source import ListNode, MapNode, Node, ScalarNode, read_text, suggest, yaml
from dunwell.source.bind import plain
from dunwell.source.limits import MOST_BYTES, MOST_NODES, MOST_PROBLEMS

POLICY = """\
policy: b2b_standard
country: NO
window: 12:30
large: 1e3
when: {days_past_due: {at_least: 3}, known: true}
from: 2026-03-01
adopt:
do:
  - remind: "quoted"
  - hold: |
      Line one
      \tline two
"""


def only(text: str | bytes) -> Node:
    (node,) = yaml.parse(text, file="p.yaml")
    return node


def messages(text: str | bytes) -> list[str]:
    return [str(problem) for problem in yaml.read(text, file="p.yaml")[1]]


def value(node: Node, *path: str | int) -> Node:
    for step in path:
        if isinstance(node, MapNode):
            found = node.get(str(step))
            assert found is not None
            node = found
        else:
            assert isinstance(node, ListNode)
            assert isinstance(step, int)
            node = node.items[step]
    return node


def test_every_scalar_stays_the_text_that_was_written() -> None:
    assert plain(only(POLICY)) == {
        "policy": "b2b_standard",
        "country": "NO",
        "window": "12:30",
        "large": "1e3",
        "when": {"days_past_due": {"at_least": "3"}, "known": "true"},
        "from": "2026-03-01",
        "adopt": "",
        "do": [{"remind": "quoted"}, {"hold": "Line one\n\tline two\n"}],
    }


@pytest.mark.parametrize(
    "word",
    ["NO", "yes", "null", "~", "0x1F", "1_000", "017", ".inf", "1.10", "=", "on", "12:30:45"],
)
def test_no_word_is_taken_for_anything_but_itself(word: str) -> None:
    assert plain(only(f"key: {word}")) == {"key": word}


def test_keys_and_values_know_their_line_and_column() -> None:
    root = only(POLICY)
    assert isinstance(root, MapNode)
    key, when = root.entries[4]
    assert (key.place, when.place) == (Place("p.yaml", 5, 1), Place("p.yaml", 5, 7))
    assert value(root, "when", "days_past_due", "at_least").place == Place("p.yaml", 5, 34)
    assert value(root, "do", 0, "remind").place == Place("p.yaml", 9, 13)


def test_columns_count_characters_not_bytes() -> None:
    assert value(only("{é: ü, 漢字🎉: x}"), "漢字🎉").place == Place("p.yaml", 1, 13)


def test_an_empty_value_is_an_empty_text_and_quotes_are_remembered() -> None:
    root = only("a:\nb: ''\nc: x\n")
    empty, quoted, word = value(root, "a"), value(root, "b"), value(root, "c")
    assert empty == ScalarNode("", Place("p.yaml", 1, 3), quoted=False)
    assert quoted == ScalarNode("", Place("p.yaml", 2, 4), quoted=True)
    assert isinstance(empty, ScalarNode)
    assert isinstance(quoted, ScalarNode)
    assert (empty.is_empty, quoted.is_empty, word.place.column) == (True, False, 4)


def test_a_file_may_hold_several_documents_and_blank_ones_do_not_count() -> None:
    nodes = yaml.parse("house: a\n---\npolicy: b\n---\n---\ntest: c\n...\n", file="p.yaml")
    assert [plain(node) for node in nodes] == [{"house": "a"}, {"policy": "b"}, {"test": "c"}]
    assert [node.place.line for node in nodes] == [1, 3, 6]


def test_a_document_with_a_non_breaking_blank_in_its_indentation_is_left_out() -> None:
    nodes, problems = yaml.read("a: 1\n---\nb:\n \xa0c: 1\n---\nd: 2\n", file="p.yaml")
    assert [plain(node) for node in nodes] == [{"a": "1"}, {"d": "2"}]
    assert [problem.where for problem in problems] == [Place("p.yaml", 4, 2)]


def test_a_byte_order_mark_and_any_line_ends_are_read() -> None:
    text = "a: 1\r\nb: 2\rc: 3\n"
    expected = {"a": "1", "b": "2", "c": "3"}
    for source in (text, "\ufeff" + text, text.encode(), "\ufeff".encode() + text.encode()):
        root = only(source)
        assert plain(root) == expected
        assert value(root, "c").place == Place("p.yaml", 3, 4)


def test_the_version_line_of_yaml_is_harmless() -> None:
    assert plain(only("%YAML 1.2\n---\na: 1\n")) == {"a": "1"}


def test_parse_raises_every_problem_at_once() -> None:
    with pytest.raises(ProblemsError) as caught:
        yaml.parse("a: 1\na: 2\nb: !x y\n", file="p.yaml")
    assert [problem.where.line for problem in caught.value.problems] == [2, 3]


def test_a_document_is_usable_beside_a_broken_one_and_of_a_duplicate_key_the_first_stands() -> (
    None
):
    nodes, problems = yaml.read("a: 1\na: 2\n---\nb: [\n---\nc: *d\n---\ne: 5\n", file="p.yaml")
    assert [plain(node) for node in nodes] == [{"a": "1"}, {"e": "5"}]
    assert [problem.where for problem in problems] == [
        Place("p.yaml", 2, 1),
        Place("p.yaml", 4, 4),
        Place("p.yaml", 6, 4),
    ]


def test_tabs_are_fine_inside_texts_and_on_blank_lines() -> None:
    text = 'a: |\n  x\n  \ty\nb: "p\n\tq"\nc:\tz\n'
    assert plain(only(text)) == {"a": "x\n\ty\n", "b": "p q", "c": "z"}


def test_a_tab_is_named_even_where_yaml_would_take_it() -> None:
    assert messages("a: [1,\n\t2]\n") == ["p.yaml:2:1: a tab in the indentation (use blanks)"]
    text = "a: |\n  x\n  \ty\n\t\n"
    assert messages(text) == ["p.yaml:4:1: a tab in the indentation (use blanks)"]


@pytest.mark.parametrize("text", ["", "\n\n", "# only a remark\n", "---\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_a_problem(text: str | bytes) -> None:
    assert messages(text) == ["p.yaml: the file is empty (delete it or fill it)"]


def test_another_encoding_is_named() -> None:
    hint = "(save it as plain text in UTF-8)"
    assert messages("a: 1".encode("utf-16")) == [f"p.yaml: the file is UTF-16, not UTF-8 {hint}"]
    assert messages("a: 1".encode("utf-16-be")) == [f"p.yaml:1:1: the file is not text {hint}"]
    assert messages("a: \ud800") == [
        "p.yaml:1:4: an invisible character (U+D800, a control character) (delete it)"
    ]


HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "brackets": ("[" * 100_000, "1:33: nested deeper than 32 levels"),
    "braces": ("{a: " * 100_000, "1:129: nested deeper than 32 levels"),
    "dashes": ("- " * 500_000, "1:65: nested deeper than 32 levels"),
    "question marks": ("? " * 500_000, "1:65: nested deeper than 32 levels"),
    "indentation": ("".join(f"{' ' * i}a:\n" for i in range(500)), "33:33: nested deeper"),
    "entries": ("[" + "a," * (MOST_NODES + 9) + "]", "the file has too many entries"),
    "documents": ("---\n" * (MOST_NODES + 9), "the file has too many entries"),
    "size": ("a" * (MOST_BYTES + 1), "the file is larger than 2 MiB"),
    "tag directives": ("%TAG !a! b\n" * 100_000, "1:1: a line cannot begin with '%'"),
    "broken documents": ("---\n[\n" * 300_000, "2:1: the '[' is not closed"),
    "open quotes": ("--- '\n" * 300_000, "1:5: the quote ' is not closed"),
    "duplicates": ("a: 1\n" * 300_000, "2:1: duplicate key 'a'"),
    "wrong bytes": (b"\xff\n" * 1_000_000, "1:1: the byte 0xFF"),
    "control characters": ("\x01" * 2_000_000, "1:1: an invisible character"),
    "colons": (":" * 2_000_000, "1:1: the line above has a value"),
    "a long key": ("a" * 2_000_000 + ": b", "1:1: the line above has a value"),
    "alias bomb": (
        "a: &a [x, x]\n" + "".join(f"{n}: &{n} [*a, *a, *a]\n" for n in "bcdefghi"),
        "1:4: the anchor '&a' is not read",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_made_to_exhaust_us_is_refused(name: str) -> None:
    text, expected = HOSTILE[name]
    nodes, problems = yaml.read(text, file="p.yaml")
    assert expected in str(problems[0])
    assert len(problems) <= MOST_PROBLEMS + 1
    assert len(nodes) <= 1


def test_more_than_a_hundred_problems_are_cut_and_the_cut_is_said() -> None:
    problems = yaml.read("a: 1\n" * 300, file="p.yaml")[1]
    assert len(problems) == MOST_PROBLEMS + 1
    assert str(problems[-1]) == (
        "p.yaml:102:1: more problems follow from here on (mend the ones above and check again)"
    )


def test_without_the_c_library_the_same_is_read_and_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = [
        "a: [1\n",
        "a: b: c\n",
        "a: 'x\n",
        "a:\n\tb: 1\n",
        "a:\n   b: 1\n  c: 1\n",
        "a: @x\n",
    ]
    fast = [only(POLICY), *map(messages, broken)]
    monkeypatch.setattr(pyyaml, "__with_libyaml__", False)
    assert [only(POLICY), *map(messages, broken)] == fast


yaml_like = st.text(alphabet="ab: -[]{},'\"|>#&*!%@?\n\t\r \\é\ufeff\x00", max_size=60)


def mutated(seed: bytes, where: int, what: bytes) -> bytes:
    at = where % len(seed)
    return seed[:at] + what + seed[at + len(what) // 2 :]


noise = st.one_of(
    st.binary(max_size=80),
    yaml_like,
    st.builds(mutated, st.just(POLICY.encode()), st.integers(0, 999), st.binary(max_size=5)),
    st.builds(
        mutated,
        st.just(POLICY.encode()),
        st.integers(0, 999),
        yaml_like.map(lambda text: text[:6].encode()),
    ),
)


@given(noise)
@settings(max_examples=600, deadline=None)
def test_whatever_the_bytes_the_answer_is_nodes_and_placed_problems(text: str | bytes) -> None:
    nodes, problems = yaml.read(text, file="p.yaml")
    assert nodes or problems
    decoded = text if isinstance(text, str) else text.decode("utf-8", "replace")
    lines = re.split(r"\r\n|\r|\n", decoded)
    for problem in problems:
        assert isinstance(problem, Problem)
        assert problem.message != "this is not valid YAML"
        assert "\n" not in str(problem)
        assert 0 <= problem.where.line <= len(lines)
    for node in nodes:
        assert 1 <= node.place.line <= len(lines)
        plain(node)


plain_text = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), max_size=8)
documents = st.recursive(
    plain_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain_text, inner, max_size=4),
    max_leaves=12,
)


@given(documents.filter(lambda data: data != ""))
def test_what_is_written_in_quotes_is_read_as_it_stands(data: object) -> None:
    assert plain(only(json.dumps(data, ensure_ascii=False))) == data


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    assert read_text(tmp_path / "none.yaml")[1][0].message == "there is no such file"
    assert read_text(tmp_path)[1][0].message == "this is a folder"
    assert read_text("a\0b")[1][0].message == "this is not the name of a file"
    large = tmp_path / "large.yaml"
    large.write_bytes(b"a" * (MOST_BYTES + 1))
    assert read_text(large) == (
        None,
        [Problem(Place(str(large)), "the file is larger than 2 MiB", "split it")],
    )
    binary = tmp_path / "policy.xlsx"
    binary.write_bytes(b"PK\x03\x04\0\0")
    text, problems = read_text(binary)
    assert (text, problems[0].message) == (None, "the file is not text")


def test_a_readable_file_is_its_text_without_the_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes("\ufeffa: ü\r\n".encode())
    assert read_text(path) == ("a: ü\r\n", [])


def test_the_nearest_word_is_suggested_whatever_the_order() -> None:
    words = ["send_reminder", "hold", "days_past_due", "days_until_due"]
    assert suggest("send-remindr", words) == "send_reminder"
    assert suggest("Hold", words) == "hold"
    assert (
        suggest("days_past_du", words) == suggest("days_past_du", words[::-1]) == "days_past_due"
    )
    assert suggest("banana", words) is None
    assert suggest("hold", words) is None
    assert suggest("", words) is None
    assert suggest("a" * 100_000, words) is None
