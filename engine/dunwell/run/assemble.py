"""From conclusions to commands: one plan for each account of a debtor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dunwell.command import AccountPlan
from dunwell.decide.case import Case
from dunwell.model.accounts import Account
from dunwell.run.budget import spend
from dunwell.run.draft import Context, Decision, Draft
from dunwell.run.drafting import draft
from dunwell.run.errands import errands
from dunwell.run.fingerprint import fingerprint
from dunwell.run.maker import Maker
from dunwell.run.standing import adoptions, ends, placements
from dunwell.run.steps import ladder, watches
from dunwell.run.telling import Post, tells

ORDER = (
    "release", "untag", "clear", "override", "adopt", "hold", "tag", "task", "note", "remind",
    "tell",
)  # fmt: skip
"""What ends goes first; messages go last, when what they speak of is done."""


def assemble(
    decisions: Sequence[Decision],
    context: Context,
    *,
    accounts: Sequence[Account] = (),
    post: Post | None = None,
) -> list[AccountPlan]:
    """The plans of all accounts of one debtor, in the order of the companies.

    `accounts` are all that the debtor has, those of which nothing was concluded too: the refresh
    before acting sees them all. Without them they are those of the decisions. `post` tells people
    of their tasks, where the ERP does not.
    """
    drafts = [draft(decision, context) for decision in decisions]
    spend(drafts, context.house.budget)
    seen = accounts or [d.case.account for d in decisions]
    mark = fingerprint(seen, decisions[0].case.memory)
    plans = (_finish(made, context, mark, post) for made in drafts)
    return [plan for plan in plans if plan.commands or plan.rises or plan.waiting or plan.notes]


def left_alone(case: Case, reasons: Iterable[str]) -> AccountPlan:
    """An account of which nothing is decided, and why."""
    return AccountPlan(
        debtor=case.account.debtor,
        company=case.account.company.id,
        name=case.account.payer.name,
        policy=case.policy.name,
        segment="",
        fingerprint="",
        decided=case.memory.decided,
        notes=tuple(f"left alone: {reason}" for reason in reasons),
    )


def _finish(made: Draft, context: Context, mark: str, post: Post | None) -> AccountPlan:
    maker = Maker(made, context)
    makers = (ends, adoptions, ladder, placements, watches, errands)
    commands = [command for make in makers for command in make(maker)]
    commands += tells(maker, commands, post) if post is not None else ()
    commands.sort(key=lambda c: (ORDER.index(c.kind), c.source, c.action, c.items))
    account, found = made.case.account, made.decision.found
    return AccountPlan(
        debtor=account.debtor,
        company=account.company.id,
        name=account.payer.name,
        policy=found.policy,
        segment=found.segment,
        fingerprint=mark,
        decided=made.case.memory.decided,
        commands=tuple(commands),
        rises=tuple(sorted(maker.rises, key=lambda r: r.item)),
        waiting=tuple(made.waiting),
        notes=tuple(dict.fromkeys(made.notes)),
        payer=(account.payer.payer or "") if account.handed_over else "",
    )
