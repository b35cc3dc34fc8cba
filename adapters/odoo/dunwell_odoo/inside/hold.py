"""What the automation runs inside Odoo when a sales order is about to be confirmed."""

from __future__ import annotations

from typing import Any

env: Any = None
records: Any = ()
UserError: Any = Exception
# -- what Odoo evaluates --------------------------------------------------------------------------
# Dunwell: no sales order of a customer that collections hold. Made by 'dunwell odoo setup'.
for order in records.sudo():
    for partner in (order.partner_id, order.partner_invoice_id):
        held = partner.commercial_partner_id
        if held.x_dunwell_hold:
            raise UserError(
                "%s is on hold: %s\nThe order %s stays a quotation. Ask collections, or empty the"
                " field 'Collections hold' of the customer."
                % (held.display_name, held.x_dunwell_hold, order.name)
            )
