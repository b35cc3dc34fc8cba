"""What `check` says of templates, and what no template can do."""

from __future__ import annotations

from pathlib import Path

import pytest

from dunwell.errors import Place, Problem, ProblemsError
from dunwell.message import RECORDS, VARIABLES, Templates, check_templates, check_text
from dunwell.message import facts as published
from dunwell.message.check import minimal_facts, rich_facts

HERE = Place("policy.yaml", 7, 3)


def problems(text: str) -> list[str]:
    return [problem.message for problem in check_text(text, HERE) if problem.level == "error"]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("{{ custmer.name }}", "unknown word 'custmer'", "did you mean 'customer'?"),
        ("{{ customer.nam }}", "a customer has no 'nam'", "did you mean 'name'?"),
        ("{% for l in items %}{{ l.duo }}{% endfor %}", "a line has no 'duo'", "'due'"),
        ("{{ items[0].numbr }}", "a line has no 'numbr'", "did you mean 'number'?"),
        ("{{ customer.name | uper }}", "a template has no 'uper'", "did you mean 'upper'?"),
        ("{{ items }}", "a list cannot be printed as it is", "number, document"),
        ("{{ customer }}", "a customer cannot be printed as it is", "name, number"),
        ("{% for a in customer %}{% endfor %}", "a loop goes over a list", "items"),
        ("{{ today | money }}", "'money' is for money or sums", ""),
        ("{{ total | day }}", "'day' is for date", ""),
        ("{{ today | day('tiny') }}", "unknown style of 'day'", "short, medium, long, full"),
        ("{{ items | plural('one') }}", "'plural' takes text and text in brackets", ""),
        ("{% if total > 5 %}x{% endif %}", "sums and number cannot be compared with 'gt'", ""),
        ("{{ pay_by if pay_by else 'soon' }}", "one side is date, the other text", ""),
    ],
)
def test_a_wrong_word_is_named_with_what_to_write_instead(
    text: str, message: str, hint: str
) -> None:
    (found,) = [problem for problem in check_text(text, HERE) if problem.level == "error"]
    assert found.where == HERE
    assert found.message == message
    assert hint in found.hint


def test_what_may_be_empty_is_a_warning_outside_an_if() -> None:
    (warning,) = check_text("Pay by {{ pay_by }}", HERE)
    assert (warning.level, warning.message) == ("warning", "'pay_by' may be empty")
    for text in (
        "{% if pay_by %}by {{ pay_by }}{% endif %}",
        "{% if not pay_by %}soon{% else %}by {{ pay_by | day }}{% endif %}",
        "{% for l in items if l.due %}{{ l.due }}{% endfor %}",
        "{% for l in items %}{% if l.due and l.link %}{{ l.due }}{{ l.link }}{% endif %}"
        "{% endfor %}",
        "{{ contact or customer.name }}",
        "{{ customer.number | default('none') }}",
    ):
        assert check_text(text, HERE) == []


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ customer.__class__ }}",
        "{{ customer['__class__'] }}",
        "{{ customer.name.format(1) }}",
        "{{ self }}",
        "{{ cycler }}",
        "{{ range(10) }}",
        "{{ lipsum() }}",
        "{{ 9 ** 9 }}",
        "{{ 'x' * 1000000000 }}",
        "{{ 1 + 1 }}",
        "{{ 'a' ~ 'b' }}",
        "{{ 'x' | center(1000000000) }}",
        "{{ '%01000000000d' | format(1) }}",
        "{{ customer.name | safe }}",
        "{{ customer.name | attr('__class__') }}",
        "{{ items | map(attribute='number') | join }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{% import 'x' as y %}",
        "{% extends 'x' %}",
        "{% include '../secret' %}",
        "{% include '/etc/passwd' %}",
        "{% include customer.name %}",
        "{% set items = severer %}",
        "{% for l in items recursive %}{{ loop(items) }}{% endfor %}",
        "{% for a in items %}{% for b in items %}{% for c in items %}{% endfor %}{% endfor %}"
        "{% endfor %}",
        "{% autoescape false %}x{% endautoescape %}",
        "{% call x() %}{% endcall %}",
        "{% filter upper %}x{% endfilter %}",
        "{% with a = 1 %}{% endwith %}",
        "{{ [1, 2] }}",
        "{{ {} }}",
        "{{ loop }}",
        "{{ formats }}",
    ],
)
def test_what_is_no_plain_wording_is_refused_and_never_runs(text: str) -> None:
    assert problems(text) != []
    with pytest.raises(ProblemsError):
        Templates().render_text(text, "en", rich_facts())


def test_a_syntax_error_has_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, "hello.en.j2", "{% block subject %}\nA\n{% if %}\n{% endblock %}")
    (problem,) = check_templates({}, [], [tmp_path])
    assert problem.where == Place(str(path), 3, 1)


def test_a_wrong_word_has_its_line_and_column(tmp_path: Path) -> None:
    text = "{% block subject %}A{% endblock %}\n{% block text %}\n"
    text += "Dear {{ custmer.name }}{% endblock %}"
    path = write(tmp_path, "hello.en.j2", text)
    (problem,) = check_templates({}, [], [tmp_path])
    assert str(problem).startswith(
        f"{path}:3:9: unknown word 'custmer' (did you mean 'customer'?)"
    )


def test_a_part_is_blamed_for_its_own_mistake(tmp_path: Path) -> None:
    both = "{% block subject %}A{% endblock %}{% block text %}{% include '_p' %}{% endblock %}"
    write(tmp_path, "hello.en.j2", both)
    part = write(tmp_path, "_p.en.j2", "{% block text %}\n{{ nobody }}{% endblock %}")
    (problem,) = check_templates({}, [], [tmp_path])
    assert problem.where == Place(str(part), 2, 4)


def test_parts_that_include_each_other_are_refused(tmp_path: Path) -> None:
    both = "{% block subject %}A{% endblock %}{% block text %}{% include '_p' %}{% endblock %}"
    write(tmp_path, "hello.en.j2", both)
    write(tmp_path, "_p.en.j2", "{% block text %}{% include '_q' %}{% endblock %}")
    write(tmp_path, "_q.en.j2", "{% block text %}{% include '_p' %}{% endblock %}")
    found = check_templates({}, [], [tmp_path])
    assert [p.message for p in found] == ["'_p' goes round in circles or too deep"]


@pytest.mark.parametrize("missing", ["subject", "text"])
def test_a_template_needs_a_subject_and_a_text(tmp_path: Path, missing: str) -> None:
    (there,) = {"subject", "text"} - {missing}
    write(tmp_path, "hello.en.j2", f"{{% block {there} %}}A{{% endblock %}}")
    (problem,) = check_templates({}, [], [tmp_path])
    assert problem.message == f"it has no block '{missing}'"
    with pytest.raises(ProblemsError, match="it has no block"):
        Templates([tmp_path]).render("hello", "en", rich_facts())


def test_a_template_that_nobody_wrote_is_named_where_the_policy_names_it() -> None:
    (problem,) = check_templates({"frist_notice": HERE}, ["en"])
    assert problem == Problem(
        HERE, "unknown template 'frist_notice'", "did you mean 'first_notice'?"
    )


def test_a_language_that_a_template_lacks_is_named(tmp_path: Path) -> None:
    assert check_templates({"courtesy": HERE}, ["es_MX", "en_GB"]) == []
    (problem,) = check_templates({"courtesy": HERE}, ["fr_CA"])
    assert problem.message == "the template 'courtesy' is not there in 'fr_CA'"
    assert problem.hint == "write 'courtesy.fr.j2'"
    assert problem.where == HERE


def test_a_language_that_nobody_speaks_and_an_unknown_attachment_are_problems() -> None:
    found = check_templates({}, ["qq"], attach={"invoice": HERE})
    assert [p.message for p in found] == [
        "unknown locale 'qq'",
        "nothing to attach by 'invoice'",
    ]


def test_files_that_are_no_templates_are_named(tmp_path: Path) -> None:
    write(tmp_path, "First Notice.en.j2", "x")
    (tmp_path / "latin.en.j2").write_bytes("{% block text %}\nmañana".encode("latin-1"))
    write(tmp_path, "outside.en.j2", "hello {% block text %}x{% endblock %}")
    write(tmp_path, "blocks.en.j2", "{% block txt %}x{% endblock %}")
    write(tmp_path, "deep.en.j2", "{% block text %}{{ " + "(" * 3000 + "{% endblock %}")
    found = {Path(p.where.file).name: p for p in check_templates({}, [], [tmp_path])}
    assert found["First Notice.en.j2"].hint.startswith("name it like")
    assert found["latin.en.j2"].where.line == 2
    assert found["outside.en.j2"].message == "text outside a block"
    assert found["blocks.en.j2"].message == "unknown block 'txt'"
    assert "deep.en.j2" in found


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    (problem,) = check_templates({}, [], [tmp_path / "none"])
    assert problem.message == "there is no such folder of templates"


def test_a_template_that_fails_with_little_to_say_is_found(tmp_path: Path) -> None:
    both = "{% block subject %}A{% endblock %}{% block text %}{{ items[0].number }}{% endblock %}"
    write(tmp_path, "hello.en.j2", both)
    (problem,) = check_templates({}, [], [tmp_path])
    assert problem.message == "the list has no entry 0"
    with pytest.raises(ProblemsError):
        Templates([tmp_path]).render("hello", "en", minimal_facts())


def test_a_message_out_of_all_proportion_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dunwell.message.compiled.LARGEST", 50)
    with pytest.raises(ProblemsError, match="it makes more than 50 characters"):
        Templates().render("first_notice", "en", rich_facts())


def test_every_published_word_is_there_in_the_facts_and_every_fact_is_published() -> None:
    facts = rich_facts()
    assert {name for name in VARIABLES if hasattr(facts, name)} == VARIABLES.keys()
    fields = {f for f in dir(facts) if not f.startswith("_")}
    assert fields == set(VARIABLES)
    for record in ("Customer", "Company", "Line", "Credit"):
        shown = {f for f in dir(getattr(published, record)) if not f.startswith("_")}
        assert shown == set(RECORDS[record.lower()])
