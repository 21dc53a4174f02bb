"""Switches: one for each point on which the sources disagree, or which a test wants otherwise.

A meaning ends in brackets: the grade of the default, by those of `docs/sandbox.md`, and who says otherwise.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

# Of whatever a switch counts: as seconds 300 years, after which calendars still go on.
MOST = 10**10
_KINDS = {int: "a whole number", str: "a text", bool: "true or false", dict: "an object"}


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch: its default, what else it may be (empty: any value of the default's type) and what it does."""

    default: Any
    choices: tuple[Any, ...]
    meaning: str


SWITCHES: dict[str, Switch] = {
    # accounts server
    "throttle_status": Switch(
        400, (400, 200), "HTTP status of the token endpoint's throttle body (O; Kaizen 43 says 200)"
    ),
    "throttle_locale": Switch("en", ("en", "zh"), "language of the throttle body (O)"),
    "throttle_sticky": Switch(
        False, (False, True), "whether a call while throttled starts the ten minutes again (C; field reports: it does)"
    ),
    "throttle_bucket": Switch(
        "refresh_token", ("refresh_token", "user"), "what refreshes are counted by (C; field reports: by account)"
    ),
    "throttle_limit": Switch(10, (), "access tokens that one refresh token gives in a window (C)"),
    "throttle_seconds": Switch(600, (), "length of that window (C)"),
    "access_token_cap": Switch(
        15,
        (),
        "access tokens alive for one refresh token; one more silently kills the oldest (C; other pages: 10 or 30)",
    ),
    "access_token_seconds": Switch(3600, (), "how long an access token lives (O, C)"),
    "refresh_token_cap": Switch(
        20, (), "grants alive for one user and client; one more silently evicts the oldest (C)"
    ),
    "refresh_tokens_per_minute": Switch(
        5, (), "refresh tokens that one user and client get in a minute; 0 for any number (D, C)"
    ),
    "refresh_tokens_per_ten_minutes": Switch(
        10, (), "the same in ten minutes; 0 for any number (C; an older page: 20)"
    ),
    "token_basic": Switch(True, (True, False), "HTTP Basic names the client at the token endpoint (M, P)"),
    "bad_secret_error": Switch(
        "invalid_client_secret",
        ("invalid_client_secret", "invalid_client"),
        "the word for a wrong secret (O, M; older servers: invalid_client)",
    ),
    "foreign_code_error": Switch(
        "invalid_code", ("invalid_code", "invalid_client"), "a code or refresh token of another data center (U)"
    ),
    "bad_request_body": Switch("json", ("json", "html", "empty"), "what a 400 of `/oauth` says, but a throttle (U)"),
    "token_scope": Switch(True, (True, False), "whether token answers carry `scope` (O; in 2020 they did not)"),
    "token_scope_form": Switch(
        "asked",
        ("asked", "lower", "expanded"),
        "how: as asked for, in small letters, or ALL as its operations (C; the last was recorded once)",
    ),
    "token_api_domain": Switch(
        True, (True, False), "whether token answers carry `api_domain` (O; some pages leave it out)"
    ),
    # authorization in the browser
    "auth_error_status": Switch(400, (400, 200), "HTTP status of the error pages, which never redirect (U)"),
    "code_seconds": Switch(120, (120, 60, 180), "how long a code from a redirect lives (C; other pages: 60 or 180)"),
    "code_limit": Switch(10, (), "codes that one user and client get in ten minutes (C; one page: four a minute)"),
    "callback_trailing_ampersand": Switch(
        True, (True, False), "`&` at the end of the callback's address (D, O; the pages of Zoho Accounts have none)"
    ),
    "callback_location": Switch(True, (True, False), "whether callbacks carry `location` (D, O)"),
    "callback_accounts_server": Switch(True, (True, False), "whether callbacks carry `accounts-server` (D, O)"),
    "forged_callback": Switch(
        {}, (), 'what callbacks falsely say: `{"location": "xx"}`; null leaves a name out, a list repeats it'
    ),
    "server_pkce": Switch(
        "enforced", ("enforced", "ignored"), "a challenge that a server-based client sends must be answered (U)"
    ),
    "error_callback": Switch(
        "state", ("state", "bare", "full"), "what stands beside `error`: the state, nothing, or all that a code has (U)"
    ),
    "switched_off_data_center": Switch(
        "page",
        ("page", "callback"),
        "a user lives where the client is off: an error page, or the callback (U)",
    ),
    # authorization header
    "bearer": Switch(
        "accepted",
        ("accepted", "refused"),
        "`Authorization: Bearer`; refused is 400 INVALID_REQUEST (P; one note saw it refused)",
    ),
    "bad_token_code": Switch(
        "INVALID_TOKEN",
        ("INVALID_TOKEN", "AUTHENTICATION_FAILURE", "either"),
        "code of a 401 for an expired token; either: by chance, alike after each reset (O, M; both were seen)",
    ),
    "scope_mismatch_status": Switch(
        401, (401, 403), "HTTP status of OAUTH_SCOPE_MISMATCH (C; one of CRM's pages: 403)"
    ),
    "wrong_method_status": Switch(
        400, (400, 405), "HTTP status of INVALID_REQUEST_METHOD (C; another page of CRM's: 405)"
    ),
    # reading
    "page_zero": Switch(
        "first", ("first", "refused"), "`page=0`: the first page, or 400 (P; Airbyte's connector counts from 0)"
    ),
    "page_wall": Switch(2000, (), "records that `page` alone reaches (P, C)"),
    "page_token_ceiling": Switch(100_000, (), "records that page tokens reach (C)"),
    "page_token_seconds": Switch(86_400, (), "how long a page token lives (C)"),
    "page_token_paging": Switch("offset", ("offset", "keyset", "snapshot"), "what a page token remembers (U)"),
    "page_token_binding": Switch(
        "strict",
        ("strict", "fields"),
        "parameters that must be sent again with a page token: all, or `fields` alone (C; Nango's comments: `fields`)",
    ),
    "token_mismatch_status": Switch(400, (400, 401), "HTTP status of TOKEN_BOUND_DATA_MISMATCH (C; one list: 401)"),
    "sort_fields": Switch(
        "safe",
        ("safe", "any", "ignored"),
        "sort_by takes id, Created_Time, Modified_Time, or any field, or is ignored (C; Bigin's page: any)",
    ),
    "list_ids": Switch("ignored", ("ignored", "honoured"), "the `ids` parameter of a list (U; CRM honours it)"),
    "fields_id_alone": Switch(
        "accepted", ("accepted", "refused"), "`fields=id` with no other name (U; a program for CRM saw it refused)"
    ),
    "if_modified_since": Switch(
        "ignored", ("ignored", "honoured"), "the header on list and deleted (U; CRM honours it)"
    ),
    "deleted_log": Switch(
        "answers",
        ("answers", "empty"),
        "empty: 204 always, as the least a server must give (D; Nango's comments: there is none)",
    ),
    "deleted_order": Switch("newest", ("newest", "oldest"), "order of the deleted log (U)"),
    "deleted_wall": Switch(2000, (), "rows of the deleted log that paging reaches; 0 for all (U)"),
    "count_endpoint": Switch("answers", ("answers", "missing"), "actions/count; missing: 404 (M, C)"),
    "users_endpoint": Switch("answers", ("answers", "missing"), "users; missing: 404 (D)"),
    "settings_by_id": Switch(
        "missing", ("missing", "answers"), "settings/fields/{id} and settings/layouts/{id} (M; CRM has them)"
    ),
    "refused_settings": Switch(
        {},
        (),
        'settings that a profile may not read: {"Standard": ["fields"]}; NO_PERMISSION (D; one program was refused)',
    ),
    "layout_labels": Switch(
        False,
        (True, False),
        "layouts' sections are called by their label, their fields have one (P; Activepieces and CRM: so)",
    ),
    "lookup_to_deleted": Switch("keeps", ("keeps", "null"), "a lookup whose record was deleted (U)"),
    # search and COQL
    "search_lag_seconds": Switch(
        15, (), "how long a search does not see what was written; 10 to 20 s were measured (O)"
    ),
    "search_scope": Switch(
        "both",
        ("both", "module"),
        "search needs ZohoSearch.securesearch.READ too, or the module's scope alone (D; the latter has been enough)",
    ),
    "search_order": Switch("unordered", ("unordered", "id"), "order of search results, whatever `info` says (O)"),
    "search_wall": Switch(2000, (), "records that a search reaches; 0 for all (C)"),
    "coql_where": Switch("optional", ("optional", "required"), "a query without WHERE (D; CRM refuses it)"),
    "coql_brackets": Switch("required", ("required", "free"), "more than two conditions in pairs of brackets (P, C)"),
    "coql_lag_seconds": Switch(0, (), "how long COQL does not see what was written (U)"),
    "coql_lookup_names": Switch(
        False, (False, True), "COQL shows names beside a link's id, which it often does not (P, C)"
    ),
    # bulk read
    "bulk_read_seconds": Switch(10, (), "how long a job takes on the sandbox's clock"),
    "bulk_read_ends": Switch(
        "COMPLETED",
        ("COMPLETED", "FAILURE", "FAILED"),
        "how jobs end; FAILURE is the word, FAILED an often quoted one (C)",
    ),
    "bulk_callback_attempts": Switch(3, (), "how often a callback is tried that gets no 2xx; 0: never sent (U)"),
    "bulk_callback_retry_seconds": Switch(60, (), "seconds between the tries, on the sandbox's clock (U)"),
    "bulk_visibility": Switch(
        "all", ("all", "roles"), "a job finds all records, or by roles: below the top one its user's own (U)"
    ),
    "bulk_refusals": Switch(
        "flat", ("flat", "rows"), "a refused job: four keys, or the same in `data` (C; CRM has both)"
    ),
    "bulk_rows_per_page": Switch(200_000, (), "rows of one job (D)"),
    "bulk_paging": Switch(
        "page", ("page", "token"), "how to go on after more_records: page, or next_page_token (D; newer CRM: the token)"
    ),
    "bulk_module_object": Switch(
        "refused", ("refused", "accepted"), "module and fields of criteria as objects (D, C; newer CRM has them so)"
    ),
    "bulk_deals": Switch(
        "refused",
        ("refused", "accepted"),
        "Deals as another name of Pipelines in a job (U; the scopes' text says deals)",
    ),
    "bulk_content_type": Switch("required", ("required", "any"), "a job without a JSON Content-Type: 415, or fine (C)"),
    "bulk_id_column": Switch("id", ("id", "Id"), "how the id's column is spelled (D; one program met Id)"),
    "bulk_separator": Switch(
        ",",
        (",", ";"),
        "between the values of a multi-select's cell (U; a program for CRM: comma, bulk write: semicolon)",
    ),
    "bulk_byte_order_mark": Switch(False, (False, True), "a byte order mark before the CSV (U)"),
    # writing
    "partial_status": Switch(207, (207, 202, 200), "some rows failed (C; Bigin's table of statuses has no 207)"),
    "all_failed_status": Switch(400, (400, 202, 200), "every row failed (O, C; CRM of v2's time: 202)"),
    "many_inserted_status": Switch(202, (202, 201, 200), "several rows inserted, all well (D; CRM: 201)"),
    "many_changed_status": Switch(
        200, (200, 202), "several rows updated or deleted, all well (C; Bigin's table of statuses: 202)"
    ),
    "tags_touch": Switch(False, (False, True), "add_tags and remove_tags move Modified_Time (U)"),
    "restore_touches": Switch(False, (False, True), "a restore from the recycle bin moves Modified_Time (U)"),
    "recycle_days": Switch(60, (), "days in the recycle bin before a record is gone for good (U)"),
    # limits and plan
    "credits": Switch("enforced", ("enforced", "counted"), "an exhausted budget answers 429, or is only counted (C)"),
    "credit_budget": Switch(0, (), "credits in 24 hours for every organization; 0: by edition and licences (D)"),
    "credits_header": Switch(True, (True, False), "X-API-CREDITS-REMAINING from half the budget on (C)"),
    "concurrency": Switch("enforced", ("enforced", "ignored"), "more calls at once than allowed answer 429 (M, C)"),
    "concurrency_limit": Switch(
        0, (), "calls at once of one user and client; 0: 10 paid, 5 free (M; CRM counts by organization)"
    ),
    "heavy_concurrency_limit": Switch(10, (), "views, sorted lists, search, COQL, large writes at once (M, C)"),
    "latency_milliseconds": Switch(0, (), "how long every answer takes at least; 25 to 150 were recorded (O)"),
    "latency_spread_milliseconds": Switch(0, (), "up to how much longer one takes, by the sandbox's seed"),
    "key_order": Switch(
        "fixed", ("fixed", "shuffled"), "keys of an answer's objects, which are not as they were asked for (O)"
    ),
    "gzip": Switch(False, (False, True), "answers are packed for programs that accept it"),
    "chunked": Switch(False, (False, True), "Transfer-Encoding: chunked in place of Content-Length (O)"),
    "absent_modules": Switch(
        {}, (), 'modules the plan does not have: {"Products": 403} or 400; also an option of an organization (C)'
    ),
}


def default_switches() -> dict[str, Any]:
    """Return a fresh set of every switch at its default."""
    return {name: dict(s.default) if isinstance(s.default, dict) else s.default for name, s in SWITCHES.items()}


def check_switch(name: str, value: Any) -> Any:
    """Return the value if the switch may have it; ValueError with a sentence if not."""
    if name not in SWITCHES:
        raise ValueError(f"there is no switch {name!r}; the switches are {', '.join(sorted(SWITCHES))}")
    switch = SWITCHES[name]
    given = json.dumps(value, default=str)
    # By type too: to Python 1 is True.
    if switch.choices and not any(value == choice and type(value) is type(choice) for choice in switch.choices):
        raise ValueError(f"{name} takes one of {', '.join(map(json.dumps, switch.choices))}, not {given}")
    kind = type(switch.default)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{name} takes {_KINDS[kind]}, not {given}")
    if kind is int and not 0 <= value <= MOST:
        raise ValueError(f"{name} is from 0 to {MOST:,}, not {value:,}")
    return value
