"""The page at /_sandbox/: an overview of a running sandbox. Every value is escaped, and no secret is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from heapq import nlargest
from operator import itemgetter
from typing import TYPE_CHECKING

from ..wire.markup import Markup, fill, join
from ..world.identity import grant_name
from ..world.switches import SWITCHES

if TYPE_CHECKING:
    from ..calls.faults import Fault
    from ..world.state import State

CALLS_SHOWN = 30
RECORDS_SHOWN = 10
REFRESH_SECONDS = 5

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="{seconds}">
<title>Bigin sandbox</title>
<link rel="icon" href="data:,">
<style>
:root {{ color-scheme: light dark; --line: #8886; --quiet: #667; --bad: #b3261e; }}
@media (prefers-color-scheme: dark) {{ :root {{ --quiet: #aab; --bad: #f2b8b5; }} }}
body {{ margin: 0 auto; max-width: 72rem; padding: 1.5rem 1rem 3rem; font: 15px/1.45 system-ui, sans-serif; }}
h1 {{ font-size: 1.375rem; margin: 0; }}
h2 {{ font-size: 1.0625rem; margin: 2rem 0 .5rem; }}
p {{ color: var(--quiet); margin: .25rem 0; }}
h1, h2, p {{ overflow-wrap: anywhere; }}
div {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; font-size: .875rem; }}
th, td {{ text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }}
th {{ color: var(--quiet); font-weight: 600; white-space: nowrap; }}
td {{ font-variant-numeric: tabular-nums; overflow-wrap: break-word; }}
.bad {{ color: var(--bad); font-weight: 600; }}
</style>
</head>
<body>
<main>
<h1>Bigin sandbox</h1>
<p>{now} on the sandbox's clock. Looks again every {seconds} seconds.</p>
{sections}
</main>
</body>
</html>
"""
SECTION = """<h2 id="{name}">{title}</h2>
<div><table>
<thead><tr>{head}</tr></thead>
<tbody>
{rows}
</tbody>
</table></div>"""
NOTHING = """<h2 id="{name}">{title}</h2>
<p>None.</p>"""


def overview(state: State, faults: list[Fault], calls: dict[str, object]) -> str:
    """Return the page."""
    sections = [
        _organizations(state),
        _records(state),
        _grants(state),
        _faults(faults),
        _switches(state),
        _calls("unknown", "Calls the sandbox does not know", calls["unknown"]),
        _calls("calls", f"The last {CALLS_SHOWN} calls", calls["calls"]),
    ]
    now = state.clock.now().isoformat(sep=" ", timespec="seconds")
    return fill(PAGE, now=now, seconds=str(REFRESH_SECONDS), sections=join(sections))


def _section(name: str, title: str, head: tuple[str, ...], rows: list[tuple[object, ...]]) -> Markup:
    if not rows:
        return fill(NOTHING, name=name, title=title)
    cells = join(fill("<th>{word}</th>", word=word) for word in head)
    lines = join(fill("<tr>{cells}</tr>", cells=join(_cell(value) for value in row)) for row in rows)
    return fill(SECTION, name=name, title=title, head=cells, rows=lines)


def _cell(value: object) -> Markup:
    bad = isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600
    return fill(
        '<td class="bad">{value}</td>' if bad else "<td>{value}</td>", value="" if value is None else str(value)
    )


def _organizations(state: State) -> Markup:
    rows: list[tuple[object, ...]] = []
    for organization in state.organizations.values():
        counts = ", ".join(f"{name} {len(store.records):,}" for name, store in organization.stores.items())
        used, budget = organization.credits.used(state.now()), state.credit_budget(organization)
        name = f"{organization.company_name} ({organization.data_center})"
        rows.append((name, organization.org_id, organization.time_zone, f"{used:,} of {budget:,}", counts))
    return _section("organizations", "Organizations", ("name", "org_id", "time zone", "credits used", "records"), rows)


def _records(state: State) -> Markup:
    changed = (
        (at, record_id, organization, store)
        for organization in state.organizations.values()
        for store in organization.stores.values()
        for at, record_id in store.sorted_by("Modified_Time")[-RECORDS_SHOWN:]
    )
    rows: list[tuple[object, ...]] = [
        (_moment(at), organization.org_id, store.spec.api_name, record_id, store.display_name(record_id))
        for at, record_id, organization, store in nlargest(RECORDS_SHOWN, changed, key=itemgetter(0, 1))
    ]
    head = ("changed at (UTC)", "org_id", "module", "id", "name")
    return _section("records", f"The {RECORDS_SHOWN} records that changed last", head, rows)


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")


def _grants(state: State) -> Markup:
    now = state.clock.seconds()
    rows: list[tuple[object, ...]] = []
    for grant in state.grants.values():
        tokens = [state.access_tokens[value] for value in grant.access_tokens if value in state.access_tokens]
        alive = sum(token.expires_at > now for token in tokens)
        person = state.organizations[grant.org_id].users[grant.user_id].full_name
        name, scopes = grant_name(grant.refresh_token), ", ".join(grant.scopes)
        rows.append((name, grant.org_id, person, grant.client_id, f"{alive} alive", scopes))
    return _section("grants", "Grants", ("grant", "org_id", "user", "client", "access tokens", "scopes"), rows)


def _faults(faults: list[Fault]) -> Markup:
    rows: list[tuple[object, ...]] = [
        (fault.method or "any", fault.path, fault.effect(), "for ever" if fault.times is None else str(fault.times))
        for fault in faults
        if fault.times != 0
    ]
    return _section("faults", "Faults to come", ("method", "path", "what happens", "times"), rows)


def _switches(state: State) -> Markup:
    changed = [(name, s) for name, s in SWITCHES.items() if state.switches[name] != s.default]
    rows: list[tuple[object, ...]] = [
        (name, repr(state.switches[name]), repr(switch.default), switch.meaning) for name, switch in changed
    ]
    head = ("switch", "is", "default", "meaning")
    return _section("switches", f"Switches not at their default, of {len(SWITCHES)}", head, rows)


def _calls(name: str, title: str, calls: object) -> Markup:
    last = list(calls)[-CALLS_SHOWN:] if isinstance(calls, list) else []
    rows: list[tuple[object, ...]] = [
        (call["at"][11:19], call["method"], call["path"], ", ".join(call["query_names"]), call["status"],
         call["outcome"], call["org_id"], call["grant"])
        for call in reversed(last)
    ]  # fmt: skip
    return _section(name, title, ("at (UTC)", "method", "path", "query", "status", "outcome", "org_id", "grant"), rows)
