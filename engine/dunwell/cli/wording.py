"""The wording of a run: templates and the inline texts of policies, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dunwell.command import Attachment
from dunwell.message import MessageFacts, Templates
from dunwell.run.words import Rendered


@dataclass(frozen=True, slots=True)
class TemplateWording:
    """Words messages by the templates of a house (`dunwell.run.words.Wording`)."""

    templates: Templates

    def message(self, template: str, languages: Sequence[str], facts: MessageFacts) -> Rendered:
        """The message of a template in the first language that there is."""
        made = self.templates.render(template, self._first(template, languages), facts)
        return Rendered(made.subject, made.text, made.html, made.language)

    def short(self, template: str, languages: Sequence[str], facts: MessageFacts) -> Rendered:
        """The short text of a template in the first language that there is."""
        made = self.templates.render_short(template, self._first(template, languages), facts)
        return Rendered(made.subject, made.text, made.html, made.language)

    def inline(self, text: str, languages: Sequence[str], facts: MessageFacts) -> str:
        """A short text of a policy, on one line."""
        language = next(iter(languages), "") or self._fallback()
        return " ".join(self.templates.render_text(text, language, facts).split())

    def statement(self, languages: Sequence[str], facts: MessageFacts) -> Attachment:
        """The statement of account."""
        language = self._first("statement_of_account", languages)
        return self.templates.attach("statement", language, facts)

    def _first(self, template: str, languages: Sequence[str]) -> str:
        """The first of the languages in which the template is written, else the house's."""
        for language in languages:
            found = self.templates.find(template, language)
            if found is not None and _same(found.language, language):
                return language
        return next(iter(languages), "") or self._fallback()

    def _fallback(self) -> str:
        return next(iter(self.templates.house), "en")


def _same(one: str, other: str) -> bool:
    """Whether two locales speak the same language."""
    return one.partition("_")[0] == other.replace("-", "_").partition("_")[0]
