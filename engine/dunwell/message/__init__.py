"""How messages are worded: templates in the reader's language, rendered from plain facts."""

from __future__ import annotations

from dunwell.message.check import check_templates, check_text
from dunwell.message.facts import (
    LISTS,
    RECORDS,
    VARIABLES,
    Company,
    Credit,
    Customer,
    Line,
    MessageFacts,
    Variable,
    sums,
)
from dunwell.message.formats import formats
from dunwell.message.sources import languages, shipped
from dunwell.message.templates import ATTACHMENTS, Rendered, Templates

__all__ = [
    "ATTACHMENTS",
    "LISTS",
    "RECORDS",
    "VARIABLES",
    "Company",
    "Credit",
    "Customer",
    "Line",
    "MessageFacts",
    "Rendered",
    "Templates",
    "Variable",
    "check_templates",
    "check_text",
    "formats",
    "languages",
    "shipped",
    "sums",
]
