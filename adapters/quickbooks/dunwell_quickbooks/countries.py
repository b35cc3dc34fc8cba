"""Countries as QuickBooks writes them, in two letters, three letters or by name."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale
from babel.core import get_global


def country_code(text: object) -> str | None:
    """ISO 3166 alpha-2; None where it is not known.

    >>> country_code("USA"), country_code("Spain"), country_code("fr"), country_code("Narnia")
    ('US', 'ES', 'FR', None)
    """
    given = str(text or "").strip()
    names = _names()
    if len(given) == 2 and given.upper() in names.values():
        return given.upper()
    if len(given) == 3:
        aliases = get_global("territory_aliases").get(given.upper(), [])
        found = [code for code in aliases if code in names.values()]
        return found[0] if len(found) == 1 else None
    return names.get(given.casefold())


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    territories = Locale("en").territories
    return {str(name).casefold(): code for code, name in territories.items() if len(code) == 2}
