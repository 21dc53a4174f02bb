"""The floors: what a person writes by hand. A process of its own, without Django.

`requests` reads the pages, `orjson` decodes them, one upsert stores each and is committed. The first floor needs
nothing but the rows: its table has three indexes beside its primary key. The second stores into our table, with our
columns and indexes, and commits the place in the list together with each page, so that a kill loses nothing. What our
sync does above that (comparing copies, tombstones, lease, ledger) is what the ratio to them measures.

Takes what to do as JSON on standard input, and prints what it measured as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import orjson
import requests

from ._databases import connect, kind_of
from ._memory import peak_mb

COLUMNS = ("record_id", "name", "email", "modified_at", "data")
TYPES = {
    "sqlite": ("INTEGER PRIMARY KEY", "TEXT", "TEXT", "TEXT", "TEXT"),
    "postgres": ("bigint PRIMARY KEY", "varchar(255)", "varchar(254)", "timestamptz", "jsonb"),
    "mariadb": ("bigint PRIMARY KEY", "varchar(255)", "varchar(254)", "datetime(6)", "json"),
}
INDEXED = ("name", "email", "modified_at")
Row = tuple[Any, ...]


def main() -> None:
    order = json.load(sys.stdin)
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Zoho-oauthtoken {fetch_access_token(session, order)}"
    fields = fetch_fields(session, order["base_url"])
    url = order.get("database_url")
    if url:
        report = store_pages(session, order["base_url"], fields, url, order.get("module_sync"))
    else:
        report = read_pages(session, order, fields)
    print(json.dumps({**report, "peak_mb": peak_mb()}))


# The network


def fetch_access_token(session: requests.Session, order: dict[str, Any]) -> str:
    organization = order["organization"]
    form = {
        "grant_type": "authorization_code",
        "code": order["grant_token"],
        "client_id": organization["client_id"],
        "client_secret": organization["client_secret"],
    }
    return session.post(order["base_url"] + "/oauth/v2/token", data=form, timeout=30).json()["access_token"]


def fetch_fields(session: requests.Session, base_url: str) -> list[str]:
    """The fields that our sync asks for: all but subforms."""
    answer = session.get(base_url + "/bigin/v2/settings/fields", params={"module": "Contacts"}, timeout=30)
    names = [each["api_name"] for each in answer.json()["fields"] if each["data_type"] != "subform"]
    return list(dict.fromkeys([*names, "Modified_Time"]))[:50]


def fetch_pages(session: requests.Session, base_url: str, fields: list[str]) -> Iterator[tuple[int, Any]]:
    """The pages as (bytes, rows)."""
    asked = {"fields": ",".join(fields), "per_page": "200", "sort_by": "id", "sort_order": "asc"}
    where = {"page": "1"}
    while True:
        answer = session.get(base_url + "/bigin/v2/Contacts", params={**asked, **where}, timeout=30)
        answer.raise_for_status()
        body = orjson.loads(answer.content)
        yield len(answer.content), body["data"]
        if not body["info"]["more_records"]:
            return
        where = {"page_token": body["info"]["next_page_token"]}


def read_pages(session: requests.Session, order: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """Read everything and store nothing: the part of the time that is the sandbox's and the network's."""
    started, size, records = time.perf_counter(), 0, 0
    for page_size, rows in fetch_pages(session, order["base_url"], fields):
        size, records = size + page_size, records + len(rows)
    return {"seconds": time.perf_counter() - started, "records": records, "bytes_per_record": round(size / records)}


# The database


def store_pages(
    session: requests.Session, base_url: str, fields: list[str], url: str, module_sync: dict[str, Any] | None
) -> dict[str, Any]:
    """Store every page: into our table, where one of its modules is named, else into a table of its own."""
    kind = kind_of(url)
    with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
        floor = OurTable(cursor, kind, module_sync) if module_sync else OwnTable(cursor, kind)
        connection.commit()
        started, cpu_before = time.perf_counter(), time.process_time()
        for number, (_, page) in enumerate(fetch_pages(session, base_url, fields), start=1):
            floor.save(page, number)
            connection.commit()
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_before
        cursor.execute(f"SELECT count(*) FROM {floor.table}")
        return {"seconds": seconds, "cpu_seconds": cpu_seconds, "records": cursor.fetchone()[0]}


class OwnTable:
    """The first floor: a table of five columns."""

    table = "contacts"

    def __init__(self, cursor: Any, kind: str) -> None:
        self._cursor, self._kind = cursor, kind
        columns = ", ".join(f"{name} {type_}" for name, type_ in zip(COLUMNS, TYPES[kind], strict=True))
        cursor.execute(f"CREATE TABLE contacts ({columns})")
        for name in INDEXED:
            cursor.execute(f"CREATE INDEX contacts_{name} ON contacts ({name})")
        self._upsert = upsert_of("contacts", COLUMNS, ("record_id",), kind)

    def save(self, page: list[Any], number: int) -> None:
        write(self._cursor, self._upsert, [self._row(record) for record in page], self._kind)

    def _row(self, record: dict[str, Any]) -> Row:
        text = orjson.dumps(record).decode()
        modified_at = read_moment(record["Modified_Time"], self._kind)
        return int(record["id"]), record.get("Full_Name") or "", record.get("Email") or "", modified_at, text


class OurTable:
    """The second floor: our table and indexes, and the place in the list committed with each page."""

    table = "django_bigin_record"

    def __init__(self, cursor: Any, kind: str, module_sync: dict[str, Any]) -> None:
        self._cursor, self._kind, self._module_sync = cursor, kind, module_sync
        cursor.execute("SELECT * FROM django_bigin_record WHERE 1 = 0")
        # What the table has of these; its others are for what a floor does not do.
        there = {column[0] for column in cursor.description}
        self._columns = [name for name in OUR_COLUMNS if name in there]
        unique = ("connection_id", "module", "record_id")
        self._upsert = upsert_of(self.table, self._columns, unique, kind)
        mark = "?" if kind == "sqlite" else "%s"
        self._progress = f"UPDATE django_bigin_modulesync SET position = {mark} WHERE id = {mark}"

    def save(self, page: list[Any], number: int) -> None:
        write(self._cursor, self._upsert, [self._row(record) for record in page], self._kind)
        self._cursor.execute(self._progress, (json.dumps({"page": number}), self._module_sync["id"]))

    def _row(self, record: dict[str, Any]) -> Row:
        name, email = record.get("Full_Name") or "", record.get("Email") or ""
        values = {
            "connection_id": self._module_sync["connection_id"],
            "module": "Contacts",
            "record_id": int(record["id"]),
            "data": orjson.dumps(record).decode(),
            "name": name,
            "name_key": name.lower()[:120],
            "email": email,
            "email_key": email.lower()[:120],
            "owner_record_id": int(record["Owner"]["id"]),
            "created_at": read_moment(record["Created_Time"], self._kind),
            "modified_at": (modified_at := read_moment(record["Modified_Time"], self._kind)),
            "seen_at": modified_at,
            "content_hash": "",
            "source": "list",
            "deleted_at": None,
        }
        return tuple(values[name] for name in self._columns)


OUR_COLUMNS = (
    "connection_id",
    "module",
    "record_id",
    "data",
    "name",
    "name_key",
    "email",
    "email_key",
    "owner_record_id",
    "created_at",
    "modified_at",
    "seen_at",
    "content_hash",
    "source",
    "deleted_at",
)


def read_moment(text: str, kind: str) -> Any:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    if kind == "sqlite":
        return moment.isoformat(" ")[:-6]
    return moment.replace(tzinfo=None) if kind == "mariadb" else moment


def upsert_of(table: str, columns: Sequence[str], unique: Sequence[str], kind: str) -> tuple[str, str, str]:
    """The beginning of the statement, what stands for one row, and its end."""
    changed = [name for name in columns if name not in unique]
    if kind == "mariadb":
        end = "ON DUPLICATE KEY UPDATE " + ", ".join(f"{name} = VALUES({name})" for name in changed)
    else:
        new = ", ".join(f"{name} = excluded.{name}" for name in changed)
        end = f"ON CONFLICT ({', '.join(unique)}) DO UPDATE SET {new}"
    marks = ", ".join(["?" if kind == "sqlite" else "%s"] * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ", f"({marks})", f" {end}"


def write(cursor: Any, upsert: tuple[str, str, str], rows: list[Row], kind: str) -> None:
    begin, one, end = upsert
    if kind == "sqlite":
        cursor.executemany(begin + one + end, rows)
        return
    # Faster than executemany with either driver. PostgreSQL's COPY and a merge would be twice as fast again, but is no
    # longer what one writes in an afternoon.
    cursor.execute(begin + ", ".join([one] * len(rows)) + end, [value for row in rows for value in row])


if __name__ == "__main__":
    main()
