"""One Bigin organization: its people, its modules, its team pipelines and its credits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from .credits import CreditLedger, budget_of
from .modules import Field
from .products import BIGIN, Product
from .store import ModuleStore
from .timestamps import Timestamps, zone_named

DEFAULT_ZONES = {
    "us": "America/New_York", "eu": "Europe/Berlin", "in": "Asia/Kolkata", "au": "Australia/Sydney", "jp": "Asia/Tokyo",
    "ca": "America/Toronto", "sa": "Asia/Riyadh", "cn": "Asia/Shanghai", "uk": "Europe/London", "ae": "Asia/Dubai",
}  # fmt: skip
COUNTRIES = {
    "us": ("US", "UNITED STATES", "US Dollar - USD", "$", "USD"),
    "eu": ("DE", "GERMANY", "Euro - EUR", "€", "EUR"),
    "in": ("IN", "INDIA", "Indian Rupee - INR", "₹", "INR"),
    "au": ("AU", "AUSTRALIA", "Australian Dollar - AUD", "$", "AUD"),
    "jp": ("JP", "JAPAN", "Japanese Yen - JPY", "¥", "JPY"),
    "ca": ("CA", "CANADA", "Canadian Dollar - CAD", "$", "CAD"),
    "sa": ("SA", "SAUDI ARABIA", "Saudi Riyal - SAR", "SR", "SAR"),
    "cn": ("CN", "CHINA", "Chinese Yuan - CNY", "¥", "CNY"),
    "uk": ("GB", "UNITED KINGDOM", "British Pound - GBP", "£", "GBP"),
    "ae": ("AE", "UNITED ARAB EMIRATES", "Dirham - AED", "AED", "AED"),
}
LICENCES = 20
PEOPLE = (("Mira", "Holt"), ("Tom", "Adeyemi"), ("Sana", "Iqbal"))
PROFILES = ("Administrator", "Standard")
# Ids below the first record's belong to what settings/ shows.
FIRST_METADATA_ID, FIRST_RECORD_ID = 2_001, 1_000_001
CHARACTERISTIC_IDS = {"org": 20_005, "role": 26_005, "Administrator": 26_011, "Standard": 26_014}


@dataclass(slots=True)
class User:
    """One person of the organization; moments are seconds since 1970."""

    id: int
    first_name: str | None
    last_name: str
    email: str
    zuid: str
    role: str
    profile: str
    created_at: int
    modified_at: int
    status: str = "active"
    confirm: bool = True

    @property
    def full_name(self) -> str:
        """Give the name as others see it."""
        return f"{self.first_name} {self.last_name}" if self.first_name else self.last_name


@dataclass(slots=True)
class Tag:
    """One tag of one module; moments are seconds since 1970."""

    id: int
    name: str
    created_at: int
    modified_at: int
    created_by: int
    modified_by: int


@dataclass(slots=True)
class Layout:
    """One team pipeline: a layout of Pipelines with its sub-pipelines and their stages."""

    id: int
    name: str
    modified_at: int
    sub_pipelines: dict[str, list[str]] = field(default_factory=dict)


class Organization:
    """Everything one organization has; nothing in here knows of any other."""

    def __init__(
        self,
        *,
        index: int,
        seed: int,
        data_center: str,
        founded_at: int,
        company_name: str = "",
        time_zone: str = "",
        paid: bool = True,
        licences: int = LICENCES,
        absent_modules: dict[str, int] | None = None,
        product: Product = BIGIN,
    ) -> None:
        self.product = product
        numbers = Random(f"{seed}/{index}")
        self.org_id = str(numbers.randrange(700_000_000, 1_000_000_000))
        self.id_prefix = numbers.randrange(1_000_000, 9_000_000) * 10**12
        self.data_center = data_center
        self.company_name = company_name or f"Sandbox {data_center.upper()} {index + 1}"
        self.time_zone, self.times = _times(time_zone, data_center)
        self.paid = paid
        self.licences = licences
        self.founded_at = founded_at
        self.written_at = founded_at  # the moment of the write that is going on
        self.absent_modules = dict(absent_modules or {})
        self.credits = CreditLedger()
        self.stores = {name: ModuleStore(product.modules[name]) for name in product.record_modules}
        self.tags: dict[str, dict[str, Tag]] = {name: {} for name in product.record_modules}
        # (module, module) in alphabetical order -> pairs of ids
        self._links: dict[tuple[str, str], set[tuple[int, int]]] = {}
        self.users: dict[int, User] = {}
        self.users_changed: list[Callable[[], None]] = []
        self.layouts: list[Layout] = []
        self._record_ids = FIRST_RECORD_ID
        self._metadata_ids: dict[tuple[str, ...], int] = {}
        for spec in product.modules.values():
            self.metadata_id("module", spec.api_name)
            for described in spec.fields:
                self.metadata_id("field", spec.api_name, described.api_name)
        for name, sub_pipelines in product.default_layouts.items():
            self.add_layout(name, sub_pipelines, at=founded_at)
        for first_name, last_name in PEOPLE:
            self.add_user(last_name=last_name, first_name=first_name, at=founded_at)

    # ids

    def new_id(self) -> int:
        """Give the next record's id: 19 digits, the organization's prefix first, always rising."""
        self._record_ids += 1
        return self.id_prefix + self._record_ids - 1

    def metadata_id(self, *what: str) -> int:
        """Give the id of something settings/ shows; the same for the same thing."""
        if what not in self._metadata_ids:
            number = CHARACTERISTIC_IDS.get(what[-1]) if what[0] in {"profile", "org"} else None
            self._metadata_ids[what] = self.id_prefix + (number or FIRST_METADATA_ID + 3 * len(self._metadata_ids))
        return self._metadata_ids[what]

    # people

    @property
    def admin(self) -> User:
        """Give the person who owns the organization and connects programs to it."""
        return next(iter(self.users.values()))

    def add_user(
        self,
        *,
        last_name: str,
        first_name: str | None = None,
        email: str = "",
        role: str = "",
        profile: str = "",
        zuid: str = "",
        at: int,
    ) -> User:
        """Add a person; the first one is the administrator."""
        user_id = self.new_id()
        address = email or f"{first_name or last_name}@{self.company_name}.example".lower().replace(" ", "-")
        user = User(
            user_id, first_name, last_name, address, zuid=zuid or str(user_id % 10**9 + int(self.org_id)),
            role=role or ("CEO" if not self.users else "Manager"),
            profile=profile or ("Administrator" if not self.users else "Standard"), created_at=at, modified_at=at,
        )  # fmt: skip
        self.users[user_id] = user
        self.touch_users()
        return user

    def touch_users(self) -> None:
        """Tell whoever keeps something made from the users that it is stale."""
        for forget in self.users_changed:
            forget()

    def user_named(self, name: str) -> User | None:
        """Find a person by full name or e-mail address; None if nobody or more than one has it."""
        wanted = name.strip().lower()
        found = [user for user in self.users.values() if wanted in {user.full_name.lower(), user.email.lower()}]
        return found[0] if len(found) == 1 else None

    # modules

    def store(self, module: str) -> ModuleStore | None:
        """Give what a module holds; None if it holds no records of its own."""
        return self.stores.get(self.product.module_named(module))

    def store_of(self, record_id: int) -> ModuleStore | None:
        """Find the module in which a live record has that id."""
        return next((store for store in self.stores.values() if record_id in store.records), None)

    def add_field(self, module: str, described: Field, *, at: int) -> None:
        """Add a custom field to a module."""
        store = self.stores[module]
        if described.api_name in store.fields:
            raise ValueError(f"{module} already has a field {described.api_name}")
        self.metadata_id("field", module, described.api_name)
        store.fields[described.api_name] = described
        store.fields_changed_at = at

    def set_values(self, module: str, name: str, values: tuple[str, ...]) -> None:
        """Give a pick list its values."""
        store = self.stores[module]
        store.fields[name] = replace(store.fields[name], values=values)

    def tag_id(self, module: str, name: str) -> int:
        """Give a tag's id; a name that is new makes a new tag."""
        tag = self.tags[module].get(name)
        if tag is None:
            tag = self.add_tag(module, name, at=self.written_at, by=next(iter(self.users), 0))
        return tag.id

    def add_tag(self, module: str, name: str, *, at: int, by: int) -> Tag:
        """Make a tag."""
        tag = self.tags[module][name] = Tag(self.new_id(), name, at, at, by, by)
        return tag

    # links between records that no field holds

    def linked(self, module: str, record_id: int) -> set[int]:
        """Give the ids, in whichever module, that are linked to a record."""
        found = set()
        for modules, pairs in self._links.items():
            if module in modules:
                place = modules.index(module)
                found |= {pair[1 - place] for pair in pairs if pair[place] == record_id}
        return found

    def link(self, module: str, record_id: int, other: str, other_id: int) -> None:
        """Link two records."""
        modules, pair = _in_order((module, record_id), (other, other_id))
        self._links.setdefault(modules, set()).add(pair)

    def unlink(self, module: str, record_id: int, other: str, other_id: int) -> bool:
        """Undo a link; tells whether there was one."""
        modules, pair = _in_order((module, record_id), (other, other_id))
        there = pair in self._links.get(modules, set())
        self._links.get(modules, set()).discard(pair)
        return there

    # team pipelines

    def add_layout(self, name: str, sub_pipelines: Mapping[str, tuple[str, ...]], *, at: int) -> Layout:
        """Add a team pipeline."""
        layout = Layout(self.metadata_id("layout", "Pipelines", name), name, at)
        self.layouts.append(layout)
        for sub_pipeline, stages in sub_pipelines.items():
            layout.sub_pipelines[sub_pipeline] = list(stages)
        self.refresh_stages()
        return layout

    def refresh_stages(self) -> None:
        """Bring the pick lists of Pipelines in line with the layouts."""
        sub_pipelines = [sub for layout in self.layouts for sub in layout.sub_pipelines]
        stages = [stage for layout in self.layouts for stages in layout.sub_pipelines.values() for stage in stages]
        self.set_values("Pipelines", "Sub_Pipeline", tuple(dict.fromkeys(sub_pipelines)))
        self.set_values("Pipelines", "Stage", tuple(dict.fromkeys(stages)))

    def layout_by_id(self, layout_id: int) -> Layout | None:
        """Find a team pipeline."""
        return next((layout for layout in self.layouts if layout.id == layout_id), None)

    # recycle bin

    def purge_bins(self, *, before: int) -> None:
        """Let go for good what was deleted before that moment; the log keeps its rows."""
        for store in self.stores.values():
            # Deleted in order of time, so the first young one ends the search.
            for record_id in list(store.bin):
                row = store.log[record_id]
                if row.deleted_at > before:
                    break
                del store.bin[record_id]
                row.permanent = True

    def credit_budget(self) -> int:
        """Give the credits of 24 hours that the edition has."""
        return budget_of(paid=self.paid, licences=self.licences)


def _in_order(one: tuple[str, int], other: tuple[str, int]) -> tuple[tuple[str, str], tuple[int, int]]:
    first, last = sorted((one, other))
    return (first[0], last[0]), (first[1], last[1])


def _times(time_zone: str, data_center: str) -> tuple[str, Timestamps]:
    if time_zone:
        return time_zone, Timestamps(zone_named(time_zone))
    try:
        return DEFAULT_ZONES[data_center], Timestamps(zone_named(DEFAULT_ZONES[data_center]))
    except ValueError:
        # No time zone data on this machine, and nobody asked for a certain zone.
        return "UTC", Timestamps(zone_named("UTC"))
