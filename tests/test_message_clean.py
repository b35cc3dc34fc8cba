"""Names and numbers that strangers chose cannot be anything but names and numbers."""

from __future__ import annotations

import dataclasses
import html
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunwell.message import Company, Customer, Line, MessageFacts, Templates
from dunwell.message.clean import clean, isolated, one_line, safe_link
from dunwell.message.compiled import paragraphs
from dunwell.money import Money

TEMPLATES = Templates()
NASTY = st.text(
    st.one_of(
        st.sampled_from(
            "\r\n\t\x00\x02\x03\x85\u2028\u2029\u202e\u2066\u2069\ufeff<>&\"'{}%א\ud800"
        ),
        st.characters(),
    ),
    max_size=40,
).map("X{}X".format)
BAD = set("\r\n\t\x00\x02\x03\x85\u2028\u2029\u202e\u2066\u200f\ufeff\ud800")


def facts(text: str) -> MessageFacts:
    money = Money(100, "EUR")
    one = Line(text, money, money, money, None, date(2026, 1, 1), 9, link=text, kind=text)
    return MessageFacts(
        date(2026, 3, 2),
        Customer(text),
        Company(text, email=text),
        items=(one,),
        stage=text,
        contact=text,
    )


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))


def tags(page: str) -> list[tuple[str, tuple[str, ...]]]:
    parser = _Tags()
    parser.feed(page)
    return [(tag, attrs) for tag, attrs in parser.tags if tag != "bdi"]


@given(NASTY)
def test_no_name_breaks_a_subject_or_a_line(text: str) -> None:
    made = TEMPLATES.render("first_notice", "en", facts(text))
    assert not BAD & set(made.subject)
    assert not (BAD - {"\n"}) & set(made.text)
    plain = TEMPLATES.render("first_notice", "en", facts("X"))
    assert made.text.count("\n") == plain.text.count("\n")


@given(NASTY)
def test_no_name_adds_anything_to_the_html(text: str) -> None:
    plain = TEMPLATES.render("first_notice", "en", facts("X"))
    assert tags(TEMPLATES.render("first_notice", "en", facts(text)).html) == tags(plain.html)


@given(NASTY)
def test_cleaning_twice_is_cleaning_once_and_leaves_one_line(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert len(clean(text).splitlines()) <= 1
    assert len(one_line(text)) <= 250
    clean(text).encode("utf-8")
    one_line(text).encode("utf-8")


@pytest.mark.parametrize("name", ["Acme", "Ünïcode GmbH", "🚀 Emoji 👩‍🚀", "株式会社", "naïve"])
def test_ordinary_names_stay_as_they_are(name: str) -> None:
    assert isolated(name) == name
    assert name in TEMPLATES.render("courtesy", "en", facts(name)).text


def test_a_name_from_right_to_left_is_kept_apart() -> None:
    assert isolated("שלום\u202e") == "\u2068שלום\u2069"
    made = TEMPLATES.render("first_notice", "en", facts("שלום"))
    assert "\u2068שלום\u2069" in made.subject
    assert "<bdi>שלום</bdi>" in made.html


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "https://a b", "//x", "https://x\r\nY", "file:///etc", "data:x", ""],
)
def test_a_link_that_is_no_web_address_is_left_out(link: str) -> None:
    assert safe_link(link) == ""
    known = facts("X")
    known = dataclasses.replace(known, items=(dataclasses.replace(known.items[0], link=link),))
    assert "<a " not in TEMPLATES.render("first_notice", "en", known).html


def test_a_web_address_is_linked_and_escaped() -> None:
    link = 'https://pay.example/?a=1&b="x"'
    known = facts("X")
    known = dataclasses.replace(known, items=(dataclasses.replace(known.items[0], link=link),))
    made = TEMPLATES.render("first_notice", "en", known)
    assert f'<a href="{html.escape(link).replace("&quot;", "&#34;")}">X</a>' in made.html
    assert f"  {link}\n" in made.text


def test_ready_html_stands_between_paragraphs() -> None:
    made = paragraphs("one\n\n\x02<table></table>\x03\n\ntwo\nlines\n")
    assert made == "<p>one</p>\n<table></table>\n<p>two<br>lines</p>"
