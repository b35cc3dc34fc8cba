"""`dunwell ledger pay`, `promise`, `dispute` ...: what people do in a ledger, one command each."""

from __future__ import annotations

from datetime import date

import click

from dunwell.cli.output import count as said
from dunwell.cli.output import examples
from dunwell.money import Money
from dunwell_ledger import people
from dunwell_ledger.cli_values import Amount, Day, meant

_ON = click.option("--on", type=Day(), default=None, help="The day; else today.")


@click.command(
    short_help="Record a payment of CUSTOMER.",
    epilog=examples('dunwell ledger pay C0042 "500 EUR" F-1001'),
)
@click.argument("customer")
@click.argument("amount", type=Amount())
@click.argument("items", nargs=-1)
@_ON
@click.option("--company", default="")
@click.pass_context
def pay(
    context: click.Context,
    customer: str,
    amount: Money,
    items: tuple[str, ...],
    on: date | None,
    company: str,
) -> None:
    """Record a payment of CUSTOMER on ITEMS, or on the oldest due first."""
    with meant(context) as (connection, today, _):
        name = people.pay(
            connection, customer, amount, on or today, company=company, items=items or None
        )
    click.echo(f"recorded as {name}")


@click.command(epilog=examples("dunwell ledger reverse payment:17"))
@click.argument("payment")
@_ON
@click.pass_context
def reverse(context: click.Context, payment: str, on: date | None) -> None:
    """Take PAYMENT back: its items are open again."""
    with meant(context) as (connection, today, _):
        people.reverse(connection, payment, on or today)
    click.echo(f"reversed {payment}")


@click.command("write-off", epilog=examples("dunwell ledger write-off F-1001"))
@click.argument("item")
@_ON
@click.pass_context
def write_off(context: click.Context, item: str, on: date | None) -> None:
    """Give up what is open of ITEM."""
    with meant(context) as (connection, today, _):
        name = people.write_off(connection, item, on or today)
    click.echo(f"written off as {name}")


@click.command(epilog=examples('dunwell ledger promise C0042 "500 EUR" 2026-03-20 F-1001'))
@click.argument("customer")
@click.argument("amount", type=Amount())
@click.argument("by", type=Day())
@click.argument("items", nargs=-1)
@_ON
@click.option("--company", default="")
@click.pass_context
def promise(
    context: click.Context,
    customer: str,
    amount: Money,
    by: date,
    items: tuple[str, ...],
    on: date | None,
    company: str,
) -> None:
    """Note that CUSTOMER promised AMOUNT until BY."""
    with meant(context) as (connection, today, _):
        name = people.promise(
            connection, customer, amount, made=on or today, by=by, company=company, items=items
        )
    click.echo(f"noted as {name}")


@click.command(
    epilog=examples(
        'dunwell ledger dispute F-1001 --amount "80 EUR" --reason "two boxes were broken"'
    )
)
@click.argument("item")
@click.option("--amount", type=Amount(), default=None, help="The contested part; else all.")
@click.option("--reason", default="")
@_ON
@click.pass_context
def dispute(
    context: click.Context, item: str, amount: Money | None, reason: str, on: date | None
) -> None:
    """Note that ITEM is contested."""
    with meant(context) as (connection, today, _):
        name = people.dispute(connection, item, on or today, amount=amount, reason=reason)
    click.echo(f"noted as {name}")


@click.command(epilog=examples("dunwell ledger resolve F-1001"))
@click.argument("dispute")
@_ON
@click.pass_context
def resolve(context: click.Context, dispute: str, on: date | None) -> None:
    """Settle a DISPUTE, named by its id or its item."""
    with meant(context) as (connection, today, _):
        people.end(connection, "disputes", dispute, on or today)
    click.echo(f"settled {dispute}")


@click.command(
    epilog=examples('dunwell ledger exclude C0042 --until 2026-04-01 --reason "insolvency talks"')
)
@click.argument("customer")
@click.option("--until", type=Day(), default=None, help="The last day; else open-ended.")
@click.option("--item", default="", help="Only this item.")
@click.option("--reason", default="")
@_ON
@click.pass_context
def exclude(
    context: click.Context,
    customer: str,
    until: date | None,
    item: str,
    reason: str,
    on: date | None,
) -> None:
    """Leave CUSTOMER alone."""
    with meant(context) as (connection, today, _):
        name = people.exclude(
            connection, customer, on or today, until=until, item=item, reason=reason
        )
    click.echo(f"noted as {name}")


@click.command(epilog=examples("dunwell ledger lift C0042 orders --by ana"))
@click.argument("customer")
@click.argument("kind", type=click.Choice(("orders", "delivery", "service", "credit")))
@click.option("--by", default="a person", help="Who lifts it.")
@_ON
@click.pass_context
def lift(context: click.Context, customer: str, kind: str, by: str, on: date | None) -> None:
    """Lift the holds of one KIND on CUSTOMER."""
    with meant(context) as (connection, today, _):
        count = people.lift_hold(connection, customer, kind, on or today, by=by)
    click.echo(f"lifted {said(count, 'hold')}")


@click.command(epilog=examples('dunwell ledger contact C0042 call "will pay on Friday" --in'))
@click.argument("customer")
@click.argument("channel")
@click.argument("text")
@click.option("--in", "inward", is_flag=True, help="The customer got in touch.")
@click.pass_context
def contact(context: click.Context, customer: str, channel: str, text: str, inward: bool) -> None:
    """Note your own call, mail or visit; it counts as a contact."""
    with meant(context) as (connection, _, now):
        direction = people.IN if inward else people.OUT
        people.contact(connection, customer, channel, text, at=now, direction=direction)
    click.echo("noted")


@click.command(epilog=examples('dunwell ledger done TASK "paid by card"'))
@click.argument("task")
@click.argument("outcome", default="")
@click.option("--cancel", is_flag=True, help="It will not be done.")
@_ON
@click.pass_context
def done(context: click.Context, task: str, outcome: str, cancel: bool, on: date | None) -> None:
    """Finish TASK, and say what came of it."""
    with meant(context) as (connection, today, _):
        state = people.CANCELLED if cancel else people.DONE
        people.end_task(connection, task, on or today, outcome=outcome, state=state)
    click.echo(f"{'cancelled' if cancel else 'done'}: {task}")


COMMANDS = (
    pay, reverse, write_off, promise, dispute, resolve, exclude, lift, contact, done,
)  # fmt: skip
