"""Made-up records by the number: the same seed gives the same ones. A contact is about 1 KB as a list shows it."""

from __future__ import annotations

from collections.abc import Callable

from .made_up import (
    CITIES,
    COMPANY_KINDS,
    COMPANY_WORDS,
    DEAL_KINDS,
    FIRST_NAMES,
    LAST_NAMES,
    SENTENCES,
    STREETS,
    TAGS,
    TITLES,
    Chance,
    Linkable,
)
from .organization import Organization
from .store import ModuleStore, Record

# What links to what: later ones find earlier ones.
ORDER = ("Accounts", "Products", "Contacts", "Pipelines", "Tasks", "Events", "Calls", "Notes")
HISTORY_SECONDS = 400 * 86_400


class Generator:
    """A maker of one organization's records."""

    def __init__(self, organization: Organization, seed: int) -> None:
        self._organization = organization
        self._chance = Chance(f"{seed}/{organization.org_id}")
        self._texts = [self._chance.sentences(SENTENCES) for _ in range(300)]
        self._tag_sets = [(tag,) for tag in TAGS] + [tuple(sorted(TAGS[:2])), tuple(sorted(TAGS[2:4]))]
        self._phones = [f"+{1 + n % 98} {555_0100 + n * 37:07d}" for n in range(500)]
        self._streets = [f"{1 + n % 180} {STREETS[n % len(STREETS)]}" for n in range(300)]
        self._people = list(organization.users)
        self._linkable = Linkable(organization, self._chance)
        self._makers: dict[str, Callable[[int, int], Record]] = {
            "Accounts": self._account,
            "Products": self._product,
            "Contacts": self._contact,
            "Pipelines": self._deal,
            "Tasks": self._task,
            "Events": self._event,
            "Calls": self._call,
            "Notes": self._note,
        }
        for module in organization.stores:
            for tag in TAGS:
                organization.tag_id(module, tag)

    def history(self, module: str, count: int, *, now: int) -> list[int]:
        """Add records as if they had come over the last year; some were edited since. Returns their ids."""
        store, chance = self._organization.stores[module], self._chance.number
        start, step = now - HISTORY_SECONDS, HISTORY_SECONDS / max(1, count)
        made: list[tuple[int, Record]] = []
        for n in range(count):
            created_at = int(start + step * n)
            modified_at = created_at if chance() < 0.6 else created_at + int(chance() * (now - created_at))
            made.append((self._organization.new_id(), self._record(store, n, created_at, modified_at)))
        store.add_many(made)
        return [record_id for record_id, _ in made]

    def fresh(self, module: str, count: int, *, now: int) -> list[int]:
        """Add records as if somebody typed them in at this moment."""
        store = self._organization.stores[module]
        before = len(store.records) + len(store.bin)
        made = [(self._organization.new_id(), self._record(store, before + n, now, now)) for n in range(count)]
        store.add_many(made, lately=True)
        return [record_id for record_id, _ in made]

    def _record(self, store: ModuleStore, number: int, created_at: int, modified_at: int) -> Record:
        record = self._makers[store.spec.api_name](number, created_at)
        person = self._chance.pick(self._people)
        record["Owner"] = record["Created_By"] = record["Modified_By"] = person
        record["Created_Time"] = created_at
        record["Modified_Time"] = modified_at
        if "Last_Activity_Time" in store.fields:
            record["Last_Activity_Time"] = modified_at
            if self._chance.number() < 0.15:
                record["Tag"] = self._chance.pick(self._tag_sets)
        return record

    # one record of each module

    def _account(self, number: int, _at: int) -> Record:
        word, kind = COMPANY_WORDS[number % len(COMPANY_WORDS)], COMPANY_KINDS[number // 11 % len(COMPANY_KINDS)]
        name = f"{word} {kind}" if number < 110 else f"{word} {kind} {number}"
        city, state, country, code = self._chance.pick(CITIES)
        return {
            "Account_Name": name,
            "Phone": self._chance.pick(self._phones),
            "Website": f"https://{word}-{kind}-{number}.example".lower(),
            "Description": self._chance.pick(self._texts),
            "Billing_Street": self._chance.pick(self._streets),
            "Billing_City": city,
            "Billing_State": state,
            "Billing_Country": country,
            "Billing_Code": code,
        }

    def _product(self, number: int, _at: int) -> Record:
        return {
            "Product_Name": f"{self._chance.pick(('Pump', 'Valve', 'Filter', 'Gauge'))} {number + 1:04d}",
            "Product_Code": f"P-{number + 1:05d}",
            "Unit_Price": round(5 + self._chance.number() * 900, 2),
            "Product_Active": self._chance.number() < 0.9,
            "Qty_in_Stock": int(self._chance.number() * 500),
            "Taxable": True,
            "Description": self._chance.pick(self._texts),
        }

    def _contact(self, number: int, _at: int) -> Record:
        first, last = self._chance.pick(FIRST_NAMES), self._chance.pick(LAST_NAMES)
        city, state, country, code = self._chance.pick(CITIES)
        record: Record = {
            "First_Name": first,
            "Last_Name": last,
            "Email": f"{first}.{last}.{number}@mail.example".lower(),
            "Title": self._chance.pick(TITLES),
            "Phone": self._chance.pick(self._phones),
            "Mobile": self._chance.pick(self._phones),
            "Mailing_Street": self._chance.pick(self._streets),
            "Mailing_City": city,
            "Mailing_State": state,
            "Mailing_Country": country,
            "Mailing_Zip": code,
            "Description": self._chance.pick(self._texts),
        }
        if (account := self._linkable.any_of("Accounts")) and self._chance.number() < 0.7:
            record["Account_Name"] = account
        return record

    def _deal(self, number: int, at: int) -> Record:
        layout = self._organization.layouts[0]
        sub_pipeline, stages = next(iter(layout.sub_pipelines.items()))
        record: Record = {
            "Deal_Name": f"{self._chance.pick(COMPANY_WORDS)} – {self._chance.pick(DEAL_KINDS)} {number + 1}",
            "Pipeline": layout.id,
            "Sub_Pipeline": sub_pipeline,
            "Stage": self._chance.pick(stages or list(self._organization.product.stages)),
            "Amount": round(self._chance.number() * 50_000, 2),
            "Closing_Date": self._chance.day(at, 90),
        }
        for name, module in (("Contact_Name", "Contacts"), ("Account_Name", "Accounts")):
            if (linked := self._linkable.any_of(module)) and self._chance.number() < 0.8:
                record[name] = linked
        return record

    def _task(self, number: int, at: int) -> Record:
        return {
            "Subject": f"{self._chance.pick(('Call back', 'Send quote', 'Prepare visit'))} {number + 1}",
            "Due_Date": self._chance.day(at, 30),
            "Status": self._chance.pick(("Not Started", "In Progress", "Completed")),
            "Priority": self._chance.pick(("High", "Normal", "Low")),
            **self._linkable.contact(),
        }

    def _event(self, number: int, at: int) -> Record:
        begins_at = at + 86_400 * (1 + number % 20)
        return {
            "Event_Title": f"{self._chance.pick(('Demo', 'Visit', 'Review'))} {number + 1}",
            "Start_DateTime": begins_at,
            "End_DateTime": begins_at + 3_600,
            "Venue": self._chance.pick(CITIES)[0],
            **self._linkable.contact(),
        }

    def _call(self, number: int, at: int) -> Record:
        record: Record = {
            "Subject": f"Call {number + 1}",
            "Call_Start_Time": at,
            "Call_Duration": str(1 + number % 45),
            "Call_Type": self._chance.pick(("Outbound", "Inbound", "Missed")),
        }
        if contact := self._linkable.any_of("Contacts"):
            record["Contact_Name"] = contact
        return record

    def _note(self, number: int, _at: int) -> Record:
        record: Record = {"Note_Title": f"Note {number + 1}", "Note_Content": self._chance.pick(self._texts)}
        if contact := self._linkable.any_of("Contacts"):
            record |= {"Parent_Id": contact, "$se_module": "Contacts"}
        return record
