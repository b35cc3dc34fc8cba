"""The story's world in Tryton: its own mail, and a clerk who sells."""

from __future__ import annotations

from decimal import Decimal

from dunwell_tryton.client import Client
from dunwell_tryton.wire import RefusedError

from tests.story import World
from tests.tryton_kit import TrytonHarness


def world(harness: TrytonHarness) -> World:
    """A Tryton for the story; sales are tried by a user who is no administrator."""
    clerk = Client(harness.server.url, harness.database, "clerk", "clerk-secret-1")

    def sells(customer: str) -> bool:
        try:
            sell(clerk, int(customer))
        except RefusedError:
            return False
        return True

    return World(harness, harness.server.mailbox.subjects, sells)


def sell(client: Client, party: int) -> None:
    """Quote and confirm a sale; RefusedError where Tryton does not let it through."""
    (product,) = client.rows("product.product", [["salable", "=", True]], ["default_uom"])
    (address,) = client.rows("party.address", [["party", "=", party]], ["id"])
    (currency,) = client.rows("currency.currency", [["code", "=", "EUR"]], ["id"])
    line = {
        "type": "line",
        "product": product["id"],
        "unit": product["default_uom"],
        "quantity": 1,
        "unit_price": Decimal(100),
    }
    (sale,) = client.call(
        "model.sale.sale.create",
        [
            {
                "party": party,
                "invoice_address": address["id"],
                "shipment_address": address["id"],
                "currency": currency["id"],
                "lines": [["create", [line]]],
            }
        ],
        changes=True,
    )
    client.call("model.sale.sale.quote", [sale], changes=True)
    client.call("model.sale.sale.confirm", [sale], changes=True)
