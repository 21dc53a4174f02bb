"""Words of made-up records, and the chance that picks among them: the same seed picks the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import TypeVar

from .organization import Organization
from .store import Record

FIRST_NAMES = (
    "Ada", "Bilal", "Chiara", "Dmitri", "Elif", "Farah", "Goran", "Hana", "Imani", "Jonas", "Kaito", "Leïla", "Mateo",
    "Nora", "Olu", "Priya", "Quentin", "Rosa", "Søren", "Tala", "Uma", "Viktor", "Wen", "Ximena", "Yusuf", "Zoë",
)  # fmt: skip
LAST_NAMES = (
    "Abara", "Berg", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ivanova", "Jansen", "Kowalski",
    "Li", "Müller", "Nakamura", "Okafor", "Patel", "Quispe", "Rossi", "Silva", "Tanaka", "Ueda", "Vega", "Weber",
    "Yılmaz",
)  # fmt: skip
COMPANY_WORDS = (
    "Orbit",
    "Acme",
    "Northwind",
    "Bluefin",
    "Cedar",
    "Delta",
    "Ember",
    "Falcon",
    "Granite",
    "Harbor",
    "Iris",
)
COMPANY_KINDS = ("Tools", "Pumps", "Logistics", "Foods", "Textiles", "Systems", "Optics", "Energy", "Print", "Labs")
CITIES = (
    ("Lyon", "Auvergne-Rhône-Alpes", "France", "69002"), ("Austin", "Texas", "United States", "78701"),
    ("Pune", "Maharashtra", "India", "411001"), ("Łódź", "Łódzkie", "Poland", "90-001"),
    ("Nairobi", "Nairobi", "Kenya", "00100"), ("Osaka", "Osaka", "Japan", "530-0001"),
    ("Porto", "Norte", "Portugal", "4000-008"), ("Cork", "Munster", "Ireland", "T12 W8K3"),
)  # fmt: skip
STREETS = ("Station Road", "Rue des Forges", "Mill Lane", "High Street", "Via Roma", "Kirchweg", "Harbour View")
DEAL_KINDS = ("retrofit", "order", "service", "trial")
TITLES = ("Plant manager", "COO", "Buyer", "Head of sales", "Engineer", "Accountant", "Founder")
TAGS = ("vip", "newsletter", "partner", "trade fair", "dormant")
SENTENCES = (
    "Met at the trade fair and asked for the spring catalogue.", "Prefers e-mail to calls.", "Pays within ten days.",
    "Wants a quote by Friday.", "Was referred by an old customer.", "Asked about spare parts twice.",
    "Delivery must avoid Mondays.", "Speaks French and Spanish.", "Compares us with two others.",
)  # fmt: skip

T = TypeVar("T")


class Chance:
    """Random choice by a seed."""

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)
        self.number = self._random.random  # from 0 up to 1

    def pick(self, values: Sequence[T]) -> T:
        """Pick one of the values."""
        return values[int(self.number() * len(values))]

    def day(self, at: int, spread: int) -> str:
        """Pick a day among those that follow a moment."""
        return (date(1970, 1, 1) + timedelta(days=at // 86_400 + int(self.number() * spread))).isoformat()

    def sentences(self, sentences: Sequence[str]) -> str:
        """Put five of the sentences together."""
        return " ".join(self._random.sample(sentences, 5))


class Linkable:
    """The live records that a made-up one can link to."""

    def __init__(self, organization: Organization, chance: Chance) -> None:
        self._organization = organization
        self._chance = chance
        self._ids: dict[str, tuple[int, list[int]]] = {}  # by module, with the version of its store

    def any_of(self, module: str) -> int | None:
        """Pick a live record of a module; None if there is none."""
        store = self._organization.stores[module]
        version, ids = self._ids.get(module, (-1, []))
        if version != store.version:
            ids = list(store.records)
            self._ids[module] = (store.version, ids)
        return self._chance.pick(ids) if ids else None

    def contact(self) -> Record:
        """Pick the contact that an activity belongs to."""
        contact = self.any_of("Contacts")
        return {"Related_To": contact, "$related_module": "Contacts"} if contact else {}
