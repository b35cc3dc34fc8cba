"""Sales that a hold stops."""

from __future__ import annotations

from typing import Any

from trytond.i18n import gettext
from trytond.model import ModelView, Workflow
from trytond.model.exceptions import ValidationError
from trytond.pool import PoolMeta


class HoldError(ValidationError):
    """Nothing is sold to this party for now."""


class Sale(metaclass=PoolMeta):
    """A sale; it is not confirmed while its party, or who pays for it, is on hold."""

    __name__ = "sale.sale"

    @classmethod
    @ModelView.button
    @Workflow.transition("confirmed")
    def confirm(cls, sales: list[Any]) -> None:
        """Confirm, unless one of them is to a party on hold."""
        for sale in sales:
            for party in filter(None, (sale.party, sale.invoice_party)):
                if party.dunwell_hold:
                    raise HoldError(
                        gettext(
                            "dunwell.msg_hold",
                            party=party.rec_name,
                            reason=party.dunwell_hold,
                        )
                    )
        super().confirm(sales)  # type: ignore[misc] # Tryton puts its own sale below this
