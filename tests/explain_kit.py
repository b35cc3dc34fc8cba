"""A small policy, a small ERP and an engine for tests of explanations and of the command line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from dunwell.casefile.plain import PlainWording
from dunwell.facts import Registry
from dunwell.policy.tree import House
from dunwell.run.engine import Engine
from dunwell.source.house import load_house
from dunwell.testing import Erp, MemoryAdapter, MemoryChannel

ON = date(2026, 3, 4)  # a Wednesday
REGISTRY = Registry()

POLICY = """\
house: acme
policies: [business, public]
calendar: {holidays: ES, timezone: Europe/Madrid}
budget: [{contacts: 1, within: 1 day}, {contacts: 3, within: 14 days}]
roles: {collector: ana@acme.example, credit_manager: luis@acme.example}
pause:
  - {pause: promised, when: {promise: open}, grace: 2 business days}
  - {pause: leftover, when: {balance: {under: 3 EUR}}, listed: true}
veto:
  - {veto: no_holds_on_partners, action: [hold], when: {customer_tag: partner}}
---
policy: business
currency: EUR
applies_to: {customer_type: business}
segments:
  - {segment: strategic, when: {customer_tag: vip}}
  - {segment: standard}
adopt:
  - {when: {issued: {before: 2025-06-01}, days_past_due: {over: 90}}, at: call}
ladder:
  - stage: notice
    when: {days_past_due: {at_least: {by_segment: {strategic: 10, else: 5}}}}
    do: [{remind: {template: first_notice, pay_by: 7 days}}]
  - stage: call
    for: {segment: {not: strategic}}
    when: {days_past_due: {at_least: 15}}
    after: 7 days
    do: [{task: {summary: "Call {{ customer.name }}", assign: [collector], due: 2 business days}}]
  - stage: stop
    when: {days_past_due: {at_least: 40}}
    jump: {promise: broken, days_past_due: {at_least: 20}}
    approve: {by: credit_manager, when: {overdue: {over: 1000 EUR}}}
    do:
      - {hold: {kind: orders, reason: "Overdue"}}
      - {remind: {template: stop_supply, pay_by: 7 days}}
    repeat: {every: 14 days, at_most: 1}
watch:
  - watch: statement
    when: {exposure: {over: 5000 EUR}}
    repeat: {every: 1 month, on_day: 1}
    do: [{note: {text: "Large"}}]
---
policy: public
currency: EUR
applies_to: {customer_type: public}
ladder:
  - stage: letter
    when: {days_past_due: {at_least: 30}}
    do: [{remind: {template: first_notice}}]
"""


def load(folder: Path, text: str = POLICY) -> House:
    """The house of a text; the tests write it so that places have a file."""
    path = folder / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    loaded, problems = load_house([path], registry=REGISTRY, channels=["email"])
    assert loaded is not None, problems
    return loaded


def book() -> Erp:
    """An ERP without customers; Ana collects, Luis approves."""
    erp = Erp(on=ON)
    erp.person("Ana", email="ana@acme.example")
    erp.person("Luis", email="luis@acme.example")
    return erp


def engine(house: House, erp: Erp, channel: MemoryChannel | None = None) -> Engine:
    """The engine on an ERP in memory, deciding by the evaluator alone."""
    return Engine(
        MemoryAdapter(erp),
        house,
        REGISTRY,
        PlainWording(),
        channels={"email": channel or MemoryChannel(on=ON)},
        digests={"policies": "tested"},
        tick=lambda: erp.now.timestamp(),
        plain=True,
    )
