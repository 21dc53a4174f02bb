"""One Bigin organization: its people, its modules, its team pipelines and its credits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from .credits import CreditLedger, budget_of
from .links import Links
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
        """Return the name as others see it."""
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
        self.credits = CreditLedger(budget_of(paid=paid, licences=licences))
        self.stores = {name: ModuleStore(product.modules[name]) for name in product.record_modules}
        self.tags: dict[str, dict[str, Tag]] = {name: {} for name in product.record_modules}
        self.links = Links()
        self.users: dict[int, User] = {}
        self.users_changed: list[Callable[[], None]] = []
        self.layouts: list[Layout] = []
        self._record_ids = FIRST_RECORD_ID
        self._metadata_ids: dict[tuple[str, ...], int] = {}
        _furnish(self)

    # ids

    def new_id(self) -> int:
        """Return the next record's id: 19 digits, the organization's prefix first, always rising."""
        self._record_ids += 1
        return self.id_prefix + self._record_ids - 1

    def metadata_id(self, *what: str) -> int:
        """Return the id of something settings/ shows; the same for the same thing."""
        if what not in self._metadata_ids:
            number = CHARACTERISTIC_IDS.get(what[-1]) if what[0] in {"profile", "org"} else None
            self._metadata_ids[what] = self.id_prefix + (number or FIRST_METADATA_ID + 3 * len(self._metadata_ids))
        return self._metadata_ids[what]

    # people

    @property
    def admin(self) -> User:
        """Return the person who owns the organization and connects programs to it."""
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
        """Discard what was made from the users and kept: it is stale."""
        for forget in self.users_changed:
            forget()

    def user_named(self, name: str) -> User | None:
        """Find a person by full name or e-mail address; None if nobody or more than one has it."""
        wanted = name.strip().lower()
        found = [user for user in self.users.values() if wanted in {user.full_name.lower(), user.email.lower()}]
        return found[0] if len(found) == 1 else None

    # modules

    def store(self, module: str) -> ModuleStore | None:
        """Return a module's store; None if it holds no records of its own."""
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

    def tag_id(self, module: str, name: str) -> int:
        """Return a tag's id; a name that is new makes a new tag."""
        tag = self.tags[module].get(name)
        if tag is None:
            tag = self.add_tag(module, name, at=self.written_at, by=next(iter(self.users), 0))
        return tag.id

    def add_tag(self, module: str, name: str, *, at: int, by: int) -> Tag:
        """Make a tag."""
        tag = self.tags[module][name] = Tag(self.new_id(), name, at, at, by, by)
        return tag

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
        self.stores["Pipelines"].set_values("Sub_Pipeline", tuple(dict.fromkeys(sub_pipelines)))
        self.stores["Pipelines"].set_values("Stage", tuple(dict.fromkeys(stages)))

    def layout_by_id(self, layout_id: int) -> Layout | None:
        """Find a team pipeline."""
        return next((layout for layout in self.layouts if layout.id == layout_id), None)


def _furnish(organization: Organization) -> None:
    """Give a new organization its ids of modules and fields, its team pipelines and its people."""
    for spec in organization.product.modules.values():
        organization.metadata_id("module", spec.api_name)
        for described in spec.fields:
            organization.metadata_id("field", spec.api_name, described.api_name)
    for name, sub_pipelines in organization.product.default_layouts.items():
        organization.add_layout(name, sub_pipelines, at=organization.founded_at)
    for first_name, last_name in PEOPLE:
        organization.add_user(last_name=last_name, first_name=first_name, at=organization.founded_at)


def _times(time_zone: str, data_center: str) -> tuple[str, Timestamps]:
    if time_zone:
        return time_zone, Timestamps(zone_named(time_zone))
    try:
        return DEFAULT_ZONES[data_center], Timestamps(zone_named(DEFAULT_ZONES[data_center]))
    except ValueError:
        # No time zone data on this machine, and nobody asked for a certain zone.
        return "UTC", Timestamps(zone_named("UTC"))
