"""Invented places, trades and people of several countries, from which a sample book is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Country:
    """How customers of a country are called, where they live and in what they pay."""

    code: str
    language: str
    timezone: str
    currency: str
    trades: tuple[str, ...]
    families: tuple[str, ...]
    given: tuple[str, ...]
    forms: tuple[str, ...]  # of companies
    bodies: tuple[str, ...]  # public ones
    places: tuple[str, ...]
    street: str


COUNTRIES: Mapping[str, Country] = {
    country.code: country
    for country in (
        Country(
            "ES", "es", "Europe/Madrid", "EUR",
            ("Talleres", "Suministros", "Panadería", "Transportes", "Bodegas", "Ferretería"),
            ("Aranda", "Núñez", "Olmedo", "Ibáñez", "Peña", "Quiroga", "Santos", "Vidal"),
            ("Lucía", "Martín", "Inés", "Álvaro", "Carmen", "Íñigo"),
            ("S.L.", "S.A.", "e Hijos S.L."),
            ("Ayuntamiento de", "Diputación de", "Hospital de"),
            ("Olmedo", "Villanueva", "Aranjuez", "Peñafiel", "Lugo"), "Calle Mayor",
        ),
        Country(
            "DE", "de", "Europe/Berlin", "EUR",
            ("Bäckerei", "Maschinenbau", "Autohaus", "Spedition", "Elektro", "Gärtnerei"),
            ("Vogt", "Krämer", "Schäfer", "Lindner", "Groß", "Ziegler", "Böhm", "Hartmann"),
            ("Jürgen", "Anke", "Sönke", "Britta", "Lars", "Käthe"),
            ("GmbH", "AG", "& Söhne KG"),
            ("Stadt", "Landkreis", "Gemeinde"),
            ("Lüneburg", "Görlitz", "Fulda", "Ulm", "Münster"), "Hauptstraße",
        ),
        Country(
            "FR", "fr", "Europe/Paris", "EUR",
            ("Garage", "Boulangerie", "Imprimerie", "Menuiserie", "Transports", "Cave"),
            ("Lefèvre", "Dubois", "Garçon", "Moreau", "Béranger", "Noël", "Chevalier"),
            ("Hélène", "Étienne", "Chloé", "Rémi", "Agnès", "Loïc"),
            ("SARL", "SAS", "et Fils SA"),
            ("Mairie de", "Lycée de", "Hôpital de"),
            ("Nîmes", "Orléans", "Béziers", "Troyes", "Pau"), "rue de la Gare",
        ),
        Country(
            "GB", "en", "Europe/London", "GBP",
            ("Joinery", "Motors", "Bakery", "Haulage", "Nurseries", "Printing"),
            ("O'Connor", "Ashworth", "Pemberton", "Hughes", "Whitaker", "Fox"),
            ("Alice", "Rhys", "Harriet", "Owen", "Maeve", "Tom"),
            ("Ltd", "plc", "& Sons Ltd"),
            ("Borough of", "County Council of", "NHS Trust"),
            ("Hexham", "Ludlow", "Whitby", "Bath", "Ely"), "High Street",
        ),
        Country(
            "PT", "pt", "Europe/Lisbon", "EUR",
            ("Padaria", "Oficina", "Transportes", "Adega", "Móveis", "Cerâmica"),
            ("Gonçalves", "Magalhães", "Leitão", "Simões", "Araújo", "Lopes"),
            ("João", "Inês", "Conceição", "Rui", "Luísa", "Nuno"),
            ("Lda.", "S.A.", "& Filhos Lda."),
            ("Câmara Municipal de", "Junta de"),
            ("Évora", "Óbidos", "Guimarães", "Faro"), "Rua Direita",
        ),
        Country(
            "JP", "ja", "Asia/Tokyo", "JPY",
            ("食品", "印刷", "電機", "商店", "運輸"),
            ("山田", "佐藤", "渡辺", "小林", "高橋"), ("花子", "太郎", "美咲", "健"),
            ("株式会社", "有限会社"), ("市役所",), ("京都", "長野", "奈良"), "本町",
        ),
        Country(
            "MX", "es_MX", "America/Mexico_City", "MXN",
            ("Refacciones", "Abarrotes", "Constructora", "Textiles", "Papelería", "Fletes"),
            ("Hernández", "Zúñiga", "Cárdenas", "Luna", "Treviño", "Ocampo", "Rosales"),
            ("Guadalupe", "Jesús", "Ximena", "Raúl", "Marisol", "Tomás"),
            ("S.A. de C.V.", "S. de R.L. de C.V.", "y Cía. S.C."),
            ("Municipio de", "Gobierno de", "Universidad de"),
            ("Querétaro", "Mérida", "León", "Oaxaca", "Saltillo"), "Avenida Juárez",
        ),
        Country(
            "US", "en_US", "America/Chicago", "USD",
            ("Hardware", "Foods", "Auto Parts", "Logistics", "Supply", "Fabrication"),
            ("Miller", "Nguyen", "Kowalski", "Brooks", "Delgado", "Hansen"),
            ("Emily", "Jamal", "Grace", "Hector", "Nora", "Wade"),
            ("Inc.", "LLC", "Bros. Co."),
            ("City of", "County of", "School District of"),
            ("Austin", "Tulsa", "Laredo", "Omaha"), "Main Street",
        ),
    )
}  # fmt: skip

MIX: Mapping[str, tuple[tuple[str, int], ...]] = {
    "iberia": (("ES", 52), ("DE", 14), ("FR", 11), ("PT", 11), ("GB", 9), ("JP", 3)),
    "americas": (("MX", 72), ("US", 28)),
}
"""Where the customers of each of our companies are, in per cent."""

COMPANIES = (
    ("iberia", "Nordwind Iberia S.L.", "EUR", "ES", "Europe/Madrid", "cobros@nordwind.example"),
    (
        "americas", "Nordwind de México S.A. de C.V.", "MXN", "MX", "America/Mexico_City",
        "cobranza@nordwind.example",
    ),
)  # fmt: skip

PEOPLE = (
    ("ana", "Ana Beltrán", "ana@nordwind.example", 1),
    ("luis", "Luis Ferrer", "luis@nordwind.example", 1),
    ("mei", "Mei Tanaka", "mei@nordwind.example", 1),
    ("diego", "Diego Salas", "diego@nordwind.example", 1),
    ("karin", "Karin Voss", "karin@nordwind.example", 1),
    ("paul", "Paul Renard", "paul@nordwind.example", 0),  # has left
)


def customer_name(random: Random, country: Country, type_: str | None, number: int) -> str:
    """A name for a customer of this type and country; `number` keeps those of a big book apart."""
    if type_ == "consumer":
        return f"{random.choice(country.given)} {random.choice(country.families)}"
    if type_ == "public":
        name = f"{random.choice(country.bodies)} {random.choice(country.places)}"
    else:
        trade, family = random.choice(country.trades), random.choice(country.families)
        name = f"{trade} {family} {random.choice(country.forms)}"
    return name if number < 300 else f"{name} {number}"
