"""What Odoo's sanitiser leaves of a text with markup, as far as messages and notes use it."""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser

_KEPT = {
    "class", "id", "title", "href", "src", "alt", "style", "colspan", "rowspan", "width",
    "height", "lang", "dir", "name", "target", "rel",
}  # fmt: skip
_TAGS = {
    "a", "b", "blockquote", "br", "code", "div", "em", "font", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "i", "img", "li", "ol", "p", "pre", "s", "section", "small", "span", "strong", "sub",
    "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_BLOCKS = {"blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre",
           "section", "table", "ul"}  # fmt: skip
_EMPTY = {"br", "hr", "img"}
_DROPPED = {"script", "style", "title", "head", "object", "iframe"}
_CONTROLS = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f]")


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.open: list[str] = []
        self.mute = 0
        self.bare = ""  # a paragraph of ours around text that stands in none

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self.mute += 1
        if self.mute or tag not in _TAGS:
            return
        if tag in _BLOCKS:
            self._end_bare()
        self.out.append(f"<{tag}{''.join(_attribute(n, v or '') for n, v in attrs)}>")
        if tag not in _EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED:
            self.mute = max(0, self.mute - 1)
        elif tag in self.open and not self.mute:
            while self.open:
                last = self.open.pop()
                self.out.append(f"</{last}>")
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        if self.mute:
            return
        if not self.open and data.strip():
            self._begin_bare()
        if not self.open and not self.bare and not self.out:
            return  # space before all else
        self.out.append(escape(data, quote=False).replace("\xa0", "&nbsp;"))

    def _begin_bare(self) -> None:
        if not self.bare:
            self.bare = "p"
            self.out.append("<p>")

    def _end_bare(self) -> None:
        if self.bare:
            self.bare = ""
            self.out.append("</p>")

    def cleaned(self) -> str:
        while self.open:
            self.out.append(f"</{self.open.pop()}>")
        self._end_bare()
        return "".join(self.out)


def _attribute(name: str, value: str) -> str:
    """An attribute that is kept, quoted as libxml2 quotes."""
    if name not in _KEPT:
        return ""
    if name in ("href", "src") and re.match(r"\s*(javascript|vbscript|data):", value, re.I):
        value = ""
    if name == "style":
        value = ";".join(p for p in value.split(";") if not p.strip().startswith("position"))
    text = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if '"' in text and "'" not in text:
        return f" {name}='{text}'"
    text = text.replace('"', "&quot;")
    return f' {name}="{text}"'


def sanitized(text: str) -> str:
    """A text as it is kept."""
    if not text:
        return text
    cleaner = _Cleaner()
    cleaner.feed(_CONTROLS.sub("", text.replace("\x00", " ")))
    cleaner.close()
    return cleaner.cleaned()
