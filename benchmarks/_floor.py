"""The floor: what a person writes by hand who needs nothing but the rows. A process of its own, without Django.

`requests` reads the pages, `orjson` decodes them, one upsert stores each and is committed. The table has three indexes
beside its primary key. What our sync does above that (comparing copies, hashing, tombstones, progress that survives a
kill, lease, ledger) is what the ratio between the two measures.

Takes what to do as JSON on standard input, and prints what it measured as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
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
    report = store_pages(session, order["base_url"], fields, url) if url else read_pages(session, order, fields)
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


def store_pages(session: requests.Session, base_url: str, fields: list[str], url: str) -> dict[str, Any]:
    kind = kind_of(url)
    with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
        for statement in table(kind):
            cursor.execute(statement)
        connection.commit()
        save = save_one_by_one if kind == "sqlite" else save_at_once
        started, cpu_before = time.perf_counter(), time.process_time()
        for _, page in fetch_pages(session, base_url, fields):
            save(cursor, [read_row(record, kind) for record in page])
            connection.commit()
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_before
        cursor.execute("SELECT count(*) FROM contacts")
        return {"seconds": seconds, "cpu_seconds": cpu_seconds, "records": cursor.fetchone()[0]}


def table(kind: str) -> list[str]:
    columns = ", ".join(f"{name} {type_}" for name, type_ in zip(COLUMNS, TYPES[kind], strict=True))
    indexes = [f"CREATE INDEX contacts_{name} ON contacts ({name})" for name in INDEXED]
    return [f"CREATE TABLE contacts ({columns})", *indexes]


def read_row(record: dict[str, Any], kind: str) -> Row:
    modified_at: Any = datetime.fromisoformat(record["Modified_Time"]).astimezone(UTC)
    if kind == "sqlite":
        modified_at = modified_at.isoformat()
    elif kind == "mariadb":
        modified_at = modified_at.replace(tzinfo=None)
    text = orjson.dumps(record).decode()
    return int(record["id"]), record.get("Full_Name") or "", record.get("Email") or "", modified_at, text


def save_one_by_one(cursor: Any, rows: list[Row]) -> None:
    cursor.executemany(f"INSERT INTO contacts VALUES (?, ?, ?, ?, ?) {ON_CONFLICT}", rows)


def save_at_once(cursor: Any, rows: list[Row]) -> None:
    # Faster than executemany with either driver. PostgreSQL's COPY and a merge would be twice as fast again, but is no
    # longer what one writes in an afternoon.
    values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(rows))
    on_conflict = ON_DUPLICATE if "MySQLdb" in type(cursor).__module__ else ON_CONFLICT
    cursor.execute(f"INSERT INTO contacts VALUES {values} {on_conflict}", [value for row in rows for value in row])


ON_CONFLICT = "ON CONFLICT (record_id) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
ON_DUPLICATE = "ON DUPLICATE KEY UPDATE " + ", ".join(f"{name} = VALUES({name})" for name in COLUMNS[1:])

if __name__ == "__main__":
    main()
