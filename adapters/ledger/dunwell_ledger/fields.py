"""What can be imported: the fields of every table, and what ERPs call them."""

# ruff: noqa: E501 - one field a line, with all its names in English, Spanish and German

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FieldType = Literal["text", "date", "money", "rate", "flag", "int"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field that a column may fill; money is in the currency of its row."""

    name: str
    type: FieldType = "text"
    required: bool = False
    names: tuple[str, ...] = ()  # what the header may say, normalised


def _fields(text: str) -> tuple[Field, ...]:
    """Read `name type! header, header ...` lines; `!` marks a field that must be filled."""
    found = []
    for line in filter(None, text.splitlines()):
        name, kind, *rest = line.split(None, 2)
        names = tuple(normal(part) for part in rest[0].split(",")) if rest else ()
        found.append(
            Field(name, kind.rstrip("!"), kind.endswith("!"), (normal(name), *names))  # type: ignore[arg-type]
        )
    return tuple(found)


def normal(header: str) -> str:
    """A header without case, accents, blanks and marks: `Fecha de emisión` is `fechadeemision`."""
    plain = unicodedata.normalize("NFKD", header.replace("ß", "ss")).casefold()
    return "".join(mark for mark in plain if mark.isalnum())


_CUSTOMER = """
{0}name text customer name, client name, debtor name, nombre cliente, nombre del cliente, razon social, cliente nombre, kundenname, name des kunden, firma, debitorname
{0}type text customer type, tipo de cliente, kundentyp, kundenart
{0}country text country, country code, pais, codigo pais, land, landercode
{0}language text language, idioma, lengua, sprache
{0}timezone text timezone, zona horaria, zeitzone
{0}payer text payer, payer id, bill to, pagador, zahler, regulierer
{0}email text email, e-mail, mail, correo, correo electronico, e-mail-adresse, mailadresse
{0}phone text phone, telephone, telefono, telefon, movil
{0}since date customer since, cliente desde, kunde seit
{0}salesperson text sales rep, vendedor, comercial, vertreter, verkaufer
{0}street text street, address, direccion, domicilio, strasse, adresse
{0}tags text tags, tag, labels, etiquetas, schlagworte
"""

TABLES: Mapping[str, tuple[Field, ...]] = {
    "invoices": _fields("""
number text! invoice, invoice id, invoice no, invoice number, doc no, document number, reference, factura, no factura, numero, numero de factura, num factura, n factura, rechnung, rechnungsnr, rechnungsnummer, belegnummer, beleg
id text item id, open item id, id partida, posten id
customer text! customer id, customer no, customer number, client, client id, debtor, account no, cust number, cliente, codigo cliente, id cliente, no cliente, cuenta, kunde, kundennr, kundennummer, debitor, debitorennummer
company text company id, company code, business code, legal entity, empresa, sociedad, firma id, buchungskreis, mandant
document text document id, documento, dokument
kind text
issued date invoice date, issue date, date, document date, posting date, fecha, fecha factura, fecha emision, fecha de emision, fecha de factura, fecha documento, rechnungsdatum, belegdatum, datum, buchungsdatum
due date due date, due in date, date due, vencimiento, fecha vencimiento, fecha de vencimiento, falligkeit, fallig, fallig am, falligkeitsdatum, faelligkeitsdatum
terms_days int days, payment days, plazo, dias, zahlungsziel, zieltage
currency text currency code, invoice currency, moneda, divisa, wahrung, waehrung
amount money! total, total amount, invoice amount, gross amount, total open amount, importe, importe total, monto, total factura, betrag, bruttobetrag, rechnungsbetrag, gesamtbetrag
balance money open amount, open, outstanding, amount due, residual, saldo, pendiente, saldo pendiente, importe pendiente, offen, offener betrag, restbetrag
settled_date date paid on, paid date, date paid, payment date, clear date, clearing date, settlement date, fecha pago, fecha de pago, fecha cobro, fecha de cobro, fecha cobrado, pagado el, cobrado el, bezahlt am, gezahlt am, zahlungsdatum, zahldatum, zahltag, ausgleichsdatum
settled_amount money paid, amount paid, pagado, importe pagado, cobrado, bezahlt, gezahlt
terms text payment terms, terms code, condiciones, condiciones de pago, forma de pago, zahlungsbedingung, zahlungsbedingungen
method text payment method, metodo de pago, medio de pago, zahlungsart, zahlweise
no_follow_up flag no dunning, dunning block, no reclamar, mahnsperre
link text url, payment link, enlace, zahlungslink
""" + _CUSTOMER.format("customer_").replace("customer_salesperson text", "salesperson text")
        .replace("debitorname", "debitorname, name, nombre", 1)),
    "customers": _fields("""
id text! customer, customer id, customer no, customer number, client, client id, codigo, codigo cliente, id cliente, cliente, kunde, kundennr, kundennummer, debitor
""" + _CUSTOMER.format("").replace("name text", "name text! name, nombre,", 1) + """
credit_limit money credit, limite de credito, limite credito, kreditlimit, kreditrahmen
credit_currency text credit limit currency, moneda limite
"""),
    "contacts": _fields("""
id text contact id, id contacto, kontakt id
customer text! customer id, cliente, kunde, kundennummer
name text contact, contact name, nombre, contacto, ansprechpartner
role text function, department, rol, cargo, funktion, rolle
email text e-mail, mail, correo, correo electronico
phone text telephone, telefono, telefon
language text idioma, sprache
"""),
    "companies": _fields("""
id text! company, company id, empresa, firma
name text! company name, nombre, razon social, firmenname
currency text! moneda, wahrung
country text pais, land
timezone text zona horaria, zeitzone
email text correo, e-mail, mail
"""),
    "people": _fields("""
id text! person, user, usuario, benutzer
name text nombre
email text correo, e-mail, mail
active flag activo, aktiv
"""),
    "payments": _fields("""
id text payment id, transaction id, id pago, zahlungs id
customer text! customer id, customer no, customer number, client, client id, debtor, account no, cliente, codigo cliente, id cliente, no cliente, kunde, kundennr, kundennummer, debitor, debitorennummer
company text company code, empresa, sociedad, buchungskreis
on date! date, payment date, date paid, paid on, paid date, received on, date received, value date, posting date, booking date, clear date, clearing date, settlement date, fecha, fecha pago, fecha de pago, fecha cobro, fecha de cobro, fecha cobrado, pagado el, cobrado el, fecha valor, fecha operacion, fecha contable, fecha ingreso, datum, zahlungsdatum, zahldatum, zahltag, bezahlt am, gezahlt am, eingang am, zahlungseingang, zahlungseingang am, eingangsdatum, buchungsdatum, buchungstag, valuta, valutadatum, wertstellung, ausgleichsdatum
amount money! amount paid, paid, paid amount, payment, payment amount, amount received, received, total, importe, importe pagado, importe cobrado, importe pago, importe cobro, pagado, cobrado, pago, cobro, monto, monto pagado, betrag, zahlbetrag, zahlungsbetrag, gezahlter betrag, bezahlt, gezahlt, zahlung
currency text currency code, payment currency, moneda, divisa, wahrung, waehrung
kind text
number text reference, payment reference, payment no, payment number, referencia, referencia pago, referencia de pago, no pago, no cobro, recibo, referenz, zahlungsreferenz, zahlungsnummer, zahlungsnr, verwendungszweck
item text invoice, invoice id, invoice no, invoice number, doc no, document number, factura, no factura, num factura, n factura, numero factura, numero de factura, rechnung, rechnungsnr, rechnungsnummer, rechnung nr, belegnummer, beleg
"""),
    "promises": _fields("""
id text promise id
customer text! customer id, cliente, kunde, kundennummer
company text empresa, buchungskreis
made date! date, fecha, datum, made on
by date! promised for, until, hasta, fecha prometida, bis, zugesagt bis
amount money! promised, importe, betrag
currency text moneda, wahrung
"""),
    "disputes": _fields("""
id text dispute id
item text! invoice, invoice number, factura, rechnung, rechnungsnummer
since date! date, fecha, datum, seit
reason text motivo, grund
ended date resolved, resuelta, erledigt
"""),
    "exclusions": _fields("""
id text exclusion id
customer text! customer id, cliente, kunde, kundennummer
item text invoice, factura, rechnung
reason text motivo, grund
since date! date, fecha, datum, seit
until date hasta, bis
"""),
    "rates": _fields("""
company text company code, empresa, buchungskreis
currency text! moneda, divisa, wahrung
on date! date, valid from, fecha, datum
rate rate! exchange rate, tipo de cambio, cambio, kurs, wechselkurs
"""),
}  # fmt: skip
