"""What the automation runs inside Odoo when a sales order is about to be confirmed."""

from __future__ import annotations

from typing import Any

env: Any = None
records: Any = ()
UserError: Any = Exception
# -- what Odoo evaluates --------------------------------------------------------------------------
# Dunwell: no sales order of a customer that collections hold. Made by 'dunwell odoo setup'.
# An order that is paid already passes. A customer who confirms online is not told why.
SAYS = {
    "en": (
        "%s is on hold: %s\nThe order %s stays a quotation. Ask collections; the field"
        " 'Collections hold' of the customer is what stops it.",
        "This order cannot be confirmed here. Please contact us.",
    ),
    "es": (
        "%s está bloqueado: %s\nEl pedido %s queda como presupuesto. Pregunte a cobros; lo detiene"
        " el campo 'Bloqueo de cobros' del cliente.",
        "Este pedido no se puede confirmar aquí. Póngase en contacto con nosotros.",
    ),
}
language = (env.context.get("lang") or env.user.lang or "en")[:2]
why, outside = SAYS.get(language) or SAYS["en"]
for order in records.sudo():
    paid = order.amount_paid if "amount_paid" in order._fields else 0
    if paid and order.currency_id.compare_amounts(paid, order.amount_total) >= 0:
        continue
    for partner in (order.partner_id, order.partner_invoice_id):
        held = partner.commercial_partner_id
        if held.x_dunwell_hold:
            if env.user.share:
                raise UserError(outside)
            reason = held.x_dunwell_hold.partition(" · ")[2] or held.x_dunwell_hold
            raise UserError(why % (held.display_name, reason, order.name))
