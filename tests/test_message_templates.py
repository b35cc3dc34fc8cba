"""The shipped messages, and how any template becomes a message."""

from __future__ import annotations

import dataclasses
import html
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.errors import NOWHERE, ProblemsError
from dunwell.message import (
    Company,
    Credit,
    Customer,
    Line,
    MessageFacts,
    Templates,
    check_templates,
    formats,
    sums,
)
from dunwell.message.check import minimal_facts, rich_facts
from dunwell.message.facts import grouped
from dunwell.money import Money

TEMPLATES = Templates()
DEMANDS = [
    "courtesy", "final_notice", "firm_final", "firm_notice", "firm_second", "first_notice",
    "payment_failed", "second_notice", "stop_supply", "subscription_last",
    "subscription_reminder", "subscription_second",
]  # fmt: skip
TODAY = date(2026, 3, 2)


def line(number: str, minor: int, *, currency: str = "EUR", late: int = 10) -> Line:
    money = Money(minor, currency)
    due = date.fromordinal(TODAY.toordinal() - late)
    return Line(number, money, money, money, None, due, max(0, late))


def facts(*items: Line, severer: tuple[Line, ...] = ()) -> MessageFacts:
    return MessageFacts(
        TODAY, Customer("Acme"), Company("Example Ltd"), items=items, severer=severer
    )


def own(folder: Path, **files: str) -> Templates:
    for name, text in files.items():
        (folder / f"{name.replace('__', '.')}.j2").write_text(text, "utf-8")
    return Templates([folder])


def simple(subject: str, text: str, page: str = "") -> str:
    blocks = {"subject": subject, "text": text, "html": page}
    return "".join(
        f"{{% block {name} %}}{body}{{% endblock %}}" for name, body in blocks.items() if body
    )


def test_every_template_that_policies_name_is_shipped() -> None:
    assert sorted([*DEMANDS, "statement"]) == list(TEMPLATES.names())


def test_the_shipped_templates_have_no_problem_in_either_language() -> None:
    names = dict.fromkeys(TEMPLATES.names(), NOWHERE)
    assert check_templates(names, ["en", "es"], attach={"statement": NOWHERE}) == []


@pytest.mark.parametrize("language", ["en", "en_GB", "es", "es_MX"])
@pytest.mark.parametrize("name", TEMPLATES.names())
def test_every_shipped_template_renders_with_much_and_with_little(
    name: str, language: str
) -> None:
    for given_facts in (rich_facts(), minimal_facts(), facts(line("F-1", 1))):
        made = TEMPLATES.render(name, language, given_facts)
        assert made.language == language[:2]
        assert made.subject == made.subject.strip() != ""
        assert "{" not in made.text + made.subject
        assert "None" not in made.text
        assert "\n\n\n" not in made.text
        assert given_facts.company.name in made.text


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", DEMANDS)
def test_a_demand_names_every_item_and_the_total_of_each_currency(
    name: str, language: str
) -> None:
    known = rich_facts()
    locale = formats(language)
    made = TEMPLATES.render(name, language, known)
    for one in known.items:
        assert one.number in made.text
        assert locale.money(one.to_pay) in made.text
    assert f": {locale.sums(known.total)}\n" in made.text
    assert html.escape(locale.sums(known.total)) in made.html


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("name", DEMANDS)
def test_a_demand_says_nothing_of_lines_that_are_not_there(name: str, language: str) -> None:
    locale = formats(language)
    alone = TEMPLATES.render(name, language, facts(line("F-1", 90_000)))
    assert alone.text.count("\n- ") == 1
    assert locale.money(Money(90_000, "EUR")) in alone.text
    nothing = TEMPLATES.render(name, language, minimal_facts())
    assert "- " not in nothing.text
    assert "<table" not in nothing.html


def test_one_invoice_is_written_in_the_singular_and_two_in_the_plural() -> None:
    one, two = facts(line("F-1", 1)), facts(line("F-1", 1), line("F-2", 2))
    assert "the following invoice." in TEMPLATES.render("first_notice", "en", one).text
    assert "the following invoices." in TEMPLATES.render("first_notice", "en", two).text
    assert "la siguiente factura." in TEMPLATES.render("first_notice", "es", one).text
    assert "las siguientes facturas." in TEMPLATES.render("first_notice", "es", two).text


def test_items_at_a_severer_stage_stand_apart_and_outside_the_total() -> None:
    known = facts(line("F-1", 1_000), severer=(line("F-0", 99_900),))
    text = TEMPLATES.render("first_notice", "en", known).text
    before, _, behind = text.partition("Total to pay: €10.00\n")
    assert "F-0" not in before
    assert "F-0" in behind


amounts = st.integers(min_value=1, max_value=10**12)
lines = st.lists(
    st.builds(
        line,
        st.from_regex(r"F-[0-9]{1,6}", fullmatch=True),
        amounts,
        currency=st.sampled_from(["EUR", "USD", "JPY", "KWD"]),
        late=st.integers(-40, 400),
    ),
    max_size=6,
).map(tuple)


@given(lines, lines, lines)
def test_totals_and_statements_reconcile_with_the_lines_shown(
    items: tuple[Line, ...], severer: tuple[Line, ...], later: tuple[Line, ...]
) -> None:
    credit = Credit("CN-1", Money(-500, "EUR"))
    known = dataclasses.replace(facts(*items, severer=severer), not_due=later, credits=(credit,))
    everything = [one.balance for one in (*items, *severer, *later)]
    assert known.exposure == sums([*everything, credit.balance])
    text = TEMPLATES.render("statement", "en", known).text
    assert f"Balance of your account: {formats('en').sums(known.exposure)}\n" in text
    shown = [row for row in text.splitlines() if row.startswith("- ")]
    locale = formats("en")
    entries = [locale.money(one.balance) for one in known.open_items]
    assert [row.rpartition(": ")[2] for row in shown] == [*entries, locale.money(credit.balance)]


def test_a_statement_of_account_is_a_page_with_every_line_and_the_balance() -> None:
    known = rich_facts()
    attached = TEMPLATES.attach("statement", "es_MX", known)
    locale = formats("es_MX")
    assert attached.type == "text/html"
    assert re.fullmatch(r"[\w.-]+\.html", attached.name)
    for one in known.open_items:
        assert one.number in attached.text
        assert locale.money(one.balance) in attached.text
    assert f"<b>Saldo: {locale.sums(known.exposure)}</b>" in attached.text


def test_an_unknown_attachment_is_a_problem() -> None:
    with pytest.raises(ProblemsError, match="nothing to attach by 'statment'"):
        TEMPLATES.attach("statment", "en", rich_facts())


@pytest.mark.parametrize(
    ("asked", "house", "got"),
    [
        ("es_MX", [], "es"),
        ("es-MX", [], "es"),
        ("fr", [], "en"),
        ("fr_CA", ["es_ES"], "es"),
        ("", [], "en"),
    ],
)
def test_a_language_falls_back_to_its_base_the_house_and_english(
    asked: str, house: list[str], got: str
) -> None:
    assert Templates(house=house).render("courtesy", asked, rich_facts()).language == got


def test_money_and_dates_follow_the_region_of_the_reader() -> None:
    known = facts(line("F-1", 123_456))
    assert "1.234,56\xa0€" in TEMPLATES.render("courtesy", "es_ES", known).text
    assert "1,234.56" in TEMPLATES.render("courtesy", "es_MX", known).text
    assert "20 February 2026" in TEMPLATES.render("courtesy", "en_GB", known).text
    # the words are English, so the numbers are too
    assert "€1,234.56" in TEMPLATES.render("courtesy", "fr_FR", known).text


def test_a_users_template_goes_before_the_shipped_one(tmp_path: Path) -> None:
    mine = own(tmp_path, courtesy__en=simple("Hello", "Mine"))
    assert mine.render("courtesy", "en", rich_facts()).text == "Mine\n"
    assert mine.render("courtesy", "es", rich_facts()).language == "es"
    assert mine.digest() != TEMPLATES.digest() == Templates().digest()


def test_a_users_part_changes_the_shipped_templates_that_include_it(tmp_path: Path) -> None:
    mine = own(tmp_path, _closing__en="{% block text %}\n\nYours, Ana{% endblock %}")
    assert mine.render("courtesy", "en", rich_facts()).text.endswith("\n\nYours, Ana\n")


def test_a_region_may_have_a_template_of_its_own(tmp_path: Path) -> None:
    mine = own(tmp_path, courtesy__es_MX=simple("Hola", "México"))
    assert mine.render("courtesy", "es_MX", rich_facts()).text == "México\n"
    assert "México" not in mine.render("courtesy", "es_ES", rich_facts()).text


def test_html_is_made_from_the_text_unless_a_template_brings_its_own(tmp_path: Path) -> None:
    mine = own(
        tmp_path,
        a__en=simple("S", "Fish & chips <now>\nline two\n\nsecond {{ customer.name }}"),
        b__en=simple("S", "t", "<h1>{{ customer.name }}</h1>"),
    )
    known = dataclasses.replace(facts(), customer=Customer("A<b>&"))
    made = mine.render("a", "en", known)
    assert made.text == "Fish & chips <now>\nline two\n\nsecond A<b>&\n"
    assert "<p>Fish &amp; chips &lt;now&gt;<br>line two</p>\n" in made.html
    assert "<p>second A&lt;b&gt;&amp;</p>" in made.html
    assert "<h1>A&lt;b&gt;&amp;</h1>" in mine.render("b", "en", known).html


def test_a_table_of_items_stands_in_the_html_where_the_list_stands_in_the_text() -> None:
    page = TEMPLATES.render("first_notice", "en", rich_facts()).html
    assert page.count("<table") == page.count("</table>") == 4
    assert "<p><table" not in page
    assert page.startswith('<!doctype html>\n<html lang="en" dir="ltr">')


def test_instalments_of_one_invoice_stand_together() -> None:
    first, other = line("F-1", 1), line("F-2", 2)
    parts = [dataclasses.replace(first, document="D", number=f"F-1/{n}") for n in (1, 2)]
    assert grouped((parts[0], other, parts[1])) == (*parts, other)


def test_an_inline_text_is_written_for_the_reader_of_its_language() -> None:
    known = dataclasses.replace(
        facts(), customer=Customer("Acme"), overdue=(Money(90_000, "EUR"), Money(50, "USD"))
    )
    text = "Call {{ customer.name }} about {{ overdue }}"
    assert TEMPLATES.render_text(text, "en", known) == "Call Acme about €900.00 + $0.50"
    assert TEMPLATES.render_text(text, "de", known) == "Call Acme about 900,00\xa0€ + 0,50\xa0$"


def test_filters_write_money_days_and_plurals() -> None:
    known = facts(line("F-1", 90_000), line("F-2", 10))
    cases = {
        "{{ items[0].to_pay | money }}": "€900.00",
        "{{ total | money }}": "€900.10",
        "{{ today | day('short') }}": "3/2/26",
        "{{ items | plural('one', 'more') }} {{ items | length }}": "more 2",
        "{{ customer.name | upper }}": "ACME",
        "{% for line in items %}{{ loop.index }}{% if not loop.last %},{% endif %}"
        "{% endfor %}": "1,2",
        "{{ (items | first).number }}-{{ (items | last).number }}": "F-1-F-2",
        "{{ contact or customer.name }}": "Acme",
        "{% if pay_by %}by {{ pay_by }}{% else %}soon{% endif %}": "soon",
    }
    assert {text: TEMPLATES.render_text(text, "en", known) for text in cases} == cases
