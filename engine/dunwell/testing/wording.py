"""A wording that says nothing but names: for tests of what is done, not of how it reads."""

from __future__ import annotations

from collections.abc import Sequence

from dunwell.command import Attachment
from dunwell.message.facts import MessageFacts
from dunwell.run.words import Rendered


class PlainWording:
    """Names the template and the items that are demanded."""

    def message(self, template: str, languages: Sequence[str], facts: MessageFacts) -> Rendered:
        """The names of the demanded items, one a line."""
        text = "\n".join(line.number for line in facts.items)
        return Rendered(template, text, "", next(iter(languages), "en"))

    def short(self, template: str, languages: Sequence[str], facts: MessageFacts) -> Rendered:
        """The same: it is short."""
        return self.message(template, languages, facts)

    def inline(self, text: str, languages: Sequence[str], facts: MessageFacts) -> str:
        """The text as it stands in the policy."""
        return text

    def statement(self, languages: Sequence[str], facts: MessageFacts) -> Attachment:
        """The names of all open items."""
        lines = "\n".join(line.number for line in facts.open_items)
        return Attachment("statement.txt", "text/plain", lines)
