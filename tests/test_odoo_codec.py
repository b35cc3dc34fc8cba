"""An entry of the log goes into a note of Odoo and comes back as it was, whatever is in it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunwell.log.entry import Entry
from dunwell.log.fold import fold
from dunwell.testing.hostile import HOSTILE_TEXT
from dunwell_odoo import codec

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
PLAIN = Entry(
    "42", "1", 7, "claim", "betc364bsyhzfrupj4cq", AT, "dunwell", "out", "email", '{"a":1}',
    "about to: remind", "nonce",
)  # fmt: skip
NASTY = ["", HOSTILE_TEXT, "\u202eevil", "a" * 2_000, "漢字 🙂 é", "\"'<>&", "\x00\x1f", "a\r\nb"]

texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=60))


@settings(max_examples=60)
@given(body=texts, text=texts, key=texts, nonce=texts, channel=texts)
def test_an_entry_comes_back_as_it_was(
    body: str, text: str, key: str, nonce: str, channel: str
) -> None:
    written = replace(PLAIN, body=body, text=text, key=key, nonce=nonce, channel=channel)
    assert codec.entry("42", codec.body(written), AT) == written


@pytest.mark.parametrize("text", NASTY)
def test_what_the_machine_reads_is_plain_letters_that_no_cleaning_changes(text: str) -> None:
    html = codec.body(replace(PLAIN, body=text, text=text))
    (title,) = re.findall(r'title="([^"]*)"', html)
    assert re.fullmatch(r"dunwell:1:7:[A-Za-z0-9+/=]+", title)


def test_markup_in_a_text_is_shown_and_not_obeyed() -> None:
    html = codec.body(replace(PLAIN, text=HOSTILE_TEXT))
    assert "<script>" not in html
    assert escape("<script>alert(1)</script>") in html


def test_a_note_that_was_cut_garbles_its_debtor_and_no_other() -> None:
    html = codec.body(PLAIN)
    broken = html[: html.index(":7:") + 20] + '"></span>'
    shown = codec.entry("42", broken, AT)
    assert shown is not None
    assert (shown.position, shown.debtor) == (7, "42")
    assert fold([shown]).garbled


@pytest.mark.parametrize(
    "html", ["", "<p>nothing here</p>", '<span title="dunwell:2:1:x"></span>']
)
def test_a_note_without_an_entry_garbles_its_debtor(html: str) -> None:
    shown = codec.entry("42", html, AT)
    assert shown is not None
    assert fold([shown]).garbled


def test_an_entry_of_a_customer_who_was_merged_into_another_is_not_the_others() -> None:
    assert codec.entry("43", codec.body(PLAIN), AT) is None


def test_the_nonce_tells_who_wrote() -> None:
    assert codec.nonce(codec.body(PLAIN)) == "nonce"
    assert codec.nonce("<p>somebody else</p>") == ""


def test_an_entry_too_large_to_be_one_is_not_unpacked() -> None:
    import base64
    import zlib

    bomb = base64.b64encode(zlib.compress(b"0" * (codec.LIMIT + 1))).decode()
    shown = codec.entry("42", f'<span title="dunwell:1:3:{bomb}"></span>', AT)
    assert shown is not None
    assert fold([shown]).garbled


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<div><p>a &lt; b<br>c</p></div>", "a < b\nc"),
        ("\n  <p>\n   spread   out\n </p>", "spread out"),
        ("", ""),
    ],
)
def test_a_note_reads_as_people_see_it(html: str, text: str) -> None:
    assert codec.plain(html) == text


def test_the_message_id_of_an_entry_has_only_what_a_message_id_may_have() -> None:
    note = codec.note(replace(PLAIN, key="a b<c>@d\r\nBcc: x"))
    assert note["message_id"] == "<a-b-c--d--Bcc--x.claim@dunwell>"
