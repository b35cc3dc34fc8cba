"""What people see of the set-up, in the languages of their Odoo, by its own translations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dunwell_odoo.names import BANNER, EMPTY, HELP, LABELS
from dunwell_odoo.setup.admin import Admin, Record

SEEN = {
    "mail.message.subtype": ("name",),
    "mail.activity.type": ("name",),
    "ir.model.fields": ("field_description", "help"),
    "ir.ui.view": ("arch_db",),
}
"""The fields of each model that people read; the rest is for administrators."""

TERMS = ("arch_db",)
"""Fields of which not the whole is translated, but each of its texts."""

WORDS: Mapping[str, Mapping[str, str]] = {
    "es": {
        "Payment reminder": "Recordatorio de pago",
        "Collections log": "Registro de cobros",
        "Collection task": "Tarea de cobro",
        "Promise to pay": "Promesa de pago",
        "Dispute": "Disputa",
        "Do not contact": "No contactar",
        "Collections hold": "Bloqueo de cobros",
        "Collections hold of the customer": "Bloqueo de cobros del cliente",
        BANNER: "Bloqueado por cobros, no se puede confirmar ningún pedido de venta:",
        EMPTY: "vacío: se pueden confirmar pedidos de venta",
        HELP: "Lo escribe cobros. Mientras no esté vacío, no se confirma ningún pedido de venta "
        "de este cliente. Vacíelo para dejar pasar los pedidos.",
    },
}
"""By language, what each English text is there."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A field of a record, with what is to be written of it: by language, the texts."""

    record: Record
    field: str
    texts: Mapping[str, object]


def languages(admin: Admin) -> list[str]:
    """Odoo's languages in use of which there are words."""
    found = admin.rows("res.lang", [["active", "=", True]], "code")
    return sorted(row["code"] for row in found if str(row["code"]).split("_")[0] in WORDS)


def missing(admin: Admin, codes: list[str]) -> Iterator[Missing]:
    """What still stands in English there; what an administrator translated stays so."""
    made = admin.made() if codes else {}
    for xid in LABELS:
        record = made.get(xid.partition(".")[2])
        for field in SEEN.get(record.model, ()) if record else ():
            assert record is not None
            texts: dict[str, Any] = {}
            for told in admin.translations(record, field, codes):
                code, source, value = told["lang"], told["source"] or "", told["value"]
                wanted = WORDS[code.split("_")[0]].get(" ".join(source.split()))
                if wanted is None or value not in ("", False, source):
                    continue
                if field in TERMS:
                    texts.setdefault(code, {})[source] = wanted
                else:
                    texts[code] = wanted
            if texts:
                yield Missing(record, field, texts)


def translate(admin: Admin, codes: list[str]) -> None:
    """Write what is missing."""
    for one in missing(admin, codes):
        admin.translate(one.record, one.field, one.texts)
