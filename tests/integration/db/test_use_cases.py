"""Every documented use case inside a caller's transaction, and every page and button under `ATOMIC_REQUESTS`.

A use case does its work there, or says in a sentence that names the transaction why it cannot; it never waits long, and
never spoils the transaction that is around it.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from django.db import connections as databases
from django.test import Client
from django.urls import reverse
from requests import Session

from django_bigin import connections, installation
from django_bigin.admin.actions import ACTIONS
from django_bigin.connections.accounts import retry_after_secret_change
from django_bigin.db.aliases import atomic, written
from django_bigin.exceptions import BiginError
from django_bigin.models import AuthorizationAttempt, Connection, Job, ModuleSync, Record
from django_bigin.sync import Options, sync_connection, sync_slice
from django_bigin.sync.plan import ensure_modules
from django_bigin.work import jobs, requests
from tests.support.admin_pages import choose, press, said, suits
from tests.support.browsing import come_back, connect_in_browser, press_connect, register_client, user_in
from tests.support.commands import Ran, connect_arguments, private_file
from tests.support.databases import database
from tests.support.factories import make_superuser
from tests.support.grants import let_token_expire
from tests.support.mirror import connect
from tests.support.ticking import tick, work_off
from tests.support.wakers import woken_by

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.figures]

SECONDS_AT_MOST = 30  # on a machine that does much else; the waits themselves are bounded by 10
UseCase = Callable[[Any, Connection], Any]

took: dict[str, float] = {}


@pytest.fixture(scope="module", autouse=True)
def figures() -> Iterator[None]:
    yield
    if took:
        slowest = max(took, key=lambda name: took[name])
        print(
            f"\n{database.vendor}, alias {database.alias}: {len(took)} use cases inside a transaction; the slowest, "
            f"{slowest}, took {took[slowest]:.2f} s"
        )


@pytest.fixture(autouse=True)
def requests_are_atomic(monkeypatch: pytest.MonkeyPatch) -> None:
    for alias in databases:
        monkeypatch.setitem(databases.settings[alias], "ATOMIC_REQUESTS", True)


def command(name: str, *arguments: str) -> UseCase:
    def run(sandbox: Any, connection: Connection) -> None:
        of_tenant = () if name in ("bigin_tick", "bigin_adopt") else ("--tenant", connection.tenant.slug)
        require(Ran(name, *of_tenant, *arguments))

    return run


def require(ran: Ran) -> None:
    # 1 and 75 without a sentence about the transaction are failures of the use case.
    if ran.code:
        raise BiginError(f"{ran.error} {ran.out} {ran.err}")


def bigin_connect(sandbox: Any, connection: Connection) -> None:
    organization = sandbox.organizations[0]
    with TemporaryDirectory() as folder:
        secret = private_file(Path(folder) / "secret", organization["client_secret"])
        grant = private_file(Path(folder) / "grant", sandbox.mint_grant_token()["grant_token"])
        require(Ran("bigin_connect", *connect_arguments(organization, (secret, grant), tenant=connection.tenant.slug)))


def self_client(sandbox: Any, connection: Connection) -> None:
    organization = sandbox.organizations[0]
    connect(organization, tenant=connection.tenant, grant_token=sandbox.mint_grant_token()["grant_token"])


def job(kind: Job.Kind) -> UseCase:
    def run(sandbox: Any, connection: Connection) -> None:
        if kind == Job.Kind.RESUME:
            connections.pause(connection)
        done = jobs.run(jobs.ensure_job(kind, connection).pk)
        assert done is not None
        if done.error:
            raise BiginError(done.error)

    return run


def request(kind: Job.Kind) -> UseCase:
    def run(sandbox: Any, connection: Connection) -> None:
        with woken_by(lambda kind, row_id: None):
            requests.request(kind, [connection])

    return run


def resume(sandbox: Any, connection: Connection) -> None:
    assert connections.pause(connection)
    assert connections.resume(connection)


def pending(act: Callable[[Connection], Any]) -> UseCase:
    def run(sandbox: Any, connection: Connection) -> None:
        later = connection.expires_at
        written(Connection).filter(pk=connection.pk).update(status="pending", confirm_until=later)
        connection.status = "pending"
        assert act(connection)

    return run


def a_slice(sandbox: Any, connection: Connection) -> None:
    [row] = [row for row in ensure_modules(connection) if row.module == "Contacts"]
    sync_slice(row.pk, Options(deadline_seconds=5))


def synced(**options: Any) -> UseCase:
    def run(sandbox: Any, connection: Connection) -> None:
        errors = [result.error for result in sync_connection(connection, options=Options(**options)) if result.error]
        if errors:
            raise BiginError(" ".join(errors))

    return run


# In a browser


def in_browser(act: Callable[[Client, Any, Connection], Any]) -> UseCase:
    def run(sandbox: Any, connection: Connection) -> None:
        browser = Client()
        browser.force_login(make_superuser())
        register_client(sandbox)
        act(browser, sandbox, connection)

    return run


def begin(browser: Client, sandbox: Any, connection: Connection) -> None:
    assert press_connect(browser, slug=connection.tenant.slug).startswith(sandbox.url)
    assert AuthorizationAttempt.objects.count() == 1


def come_back_from(browser: Client, sandbox: Any, data_center: str, **about: Any) -> None:
    address = press_connect(browser, **about)
    page = come_back(browser, sandbox.consent(address, user=user_in(sandbox, data_center)))
    assert page.status_code == 200, page.content.decode()


def callback(browser: Client, sandbox: Any, connection: Connection) -> None:
    come_back_from(browser, sandbox, "ca", slug=connection.tenant.slug)
    assert Connection.objects.latest("pk").status == Connection.Status.PENDING


def reconnect(browser: Client, sandbox: Any, connection: Connection) -> None:
    come_back_from(browser, sandbox, "us", connection=connection)
    assert Connection.objects.get().grant_version == connection.grant_version + 1


def confirm(browser: Client, sandbox: Any, connection: Connection) -> None:
    assert connect_in_browser(browser, sandbox, "ca", slug=connection.tenant.slug).status == Connection.Status.HEALTHY


def discard(browser: Client, sandbox: Any, connection: Connection) -> None:
    callback(browser, sandbox, connection)
    page = browser.post(f"/bigin/connections/{Connection.objects.latest('pk').pk}/confirm/", {"discard": "1"})
    assert page.status_code == 200
    assert Connection.objects.get() == connection


def paste(browser: Client, sandbox: Any, connection: Connection) -> None:
    organization = sandbox.organizations[0]
    given = {name: organization[name] for name in ("client_id", "client_secret", "data_center")}
    given |= {"tenant": connection.tenant_id, "grant_token": sandbox.mint_grant_token()["grant_token"]}
    answer = browser.post(reverse("admin:django_bigin_connection_connect_self_client"), given)
    assert answer.status_code == 302, answer.content.decode()


def delete_tenant(browser: Client, sandbox: Any, connection: Connection) -> None:
    answer = browser.post(reverse("admin:django_bigin_tenant_delete", args=[connection.tenant_id]), {"confirmed": "1"})
    assert answer.status_code == 302
    assert not Connection.objects.exists()


PAGES = {
    "begin": begin,
    "callback": callback,
    "callback of a reconnect": reconnect,
    "confirm": confirm,
    "discard": discard,
    "paste a grant token": paste,
    "delete a tenant": delete_tenant,
}

Kind = Job.Kind
USE_CASES: dict[str, UseCase] = {
    "connect by self client": self_client,
    "confirm": pending(connections.confirm),
    "discard": pending(connections.discard),
    "ensure_fresh_token": lambda sandbox, connection: connections.ensure_fresh_token(connection.pk),
    "refresh_now": lambda sandbox, connection: connections.refresh_now(connection.pk),
    "a call": lambda sandbox, connection: list(connections.open_client(connection).users.iter_all()),
    "sync": synced(),
    "full sync": synced(full=True),
    "a slice": a_slice,
    "pause": lambda sandbox, connection: connections.pause(connection),
    "resume": resume,
    "disconnect": lambda sandbox, connection: connections.disconnect(connection),
    "disconnect with purge": lambda sandbox, connection: connections.disconnect(connection, purge=True),
    "purge_mirror": lambda sandbox, connection: connections.purge_mirror(connection),
    "delete_tenant": lambda sandbox, connection: connections.delete_tenant(connection.tenant),
    "adopt": lambda sandbox, connection: installation.adopt(),
    "a corrected secret": lambda sandbox, connection: retry_after_secret_change(connection.registration),
    "a tick and its work": lambda sandbox, connection: work_off(tick()),
    **{f"a {kind} job": job(kind) for kind in Kind},
    **{f"a request of {kind}": request(kind) for kind in Kind if kind != Kind.RESUME},
    "bigin_connect": bigin_connect,
    "bigin_refresh": command("bigin_refresh"),
    "bigin_sync": command("bigin_sync"),
    "bigin_status": command("bigin_status"),
    "bigin_tick": command("bigin_tick"),
    "bigin_disconnect": command("bigin_disconnect"),
    "bigin_disconnect --purge": command("bigin_disconnect", "--purge", "--yes"),
    "bigin_delete_tenant": command("bigin_delete_tenant", "--yes"),
    "bigin_adopt": command("bigin_adopt"),
    **{f"{name} in a browser": in_browser(act) for name, act in PAGES.items()},
}


@pytest.fixture
def ready(sandbox: Any, connection: Connection, settings: Any) -> Connection:
    settings.BIGIN_INSTALLATION_ID = "here"
    installation.require_ownership()
    sandbox.add_records("Contacts", 3)
    return connection


def run_inside(name: str, sandbox: Any, connection: Connection) -> str:
    """Run a use case inside a transaction that has read and written; return the sentence of its refusal."""
    started, refusal = time.monotonic(), ""
    with atomic(Connection):
        ModuleSync.objects.get_or_create(connection=connection, module="Calls")
        try:
            USE_CASES[name](sandbox, connection)
        except BiginError as error:
            refusal = str(error)
        # The transaction still serves its owner.
        assert written(Connection).count() >= 0
    took[name] = max(took.get(name, 0), time.monotonic() - started)
    assert took[name] < SECONDS_AT_MOST
    return refusal


@pytest.mark.parametrize("name", USE_CASES)
def test_inside_a_transaction(name: str, sandbox: Any, ready: Connection) -> None:
    refusal = run_inside(name, sandbox, ready)
    assert not refusal or "transaction" in refusal


ASKS_FOR_A_TOKEN = ("ensure_fresh_token", "a call", "sync", "a slice", "a tick and its work", "bigin_sync")


@pytest.mark.parametrize("name", ASKS_FOR_A_TOKEN)
def test_inside_a_transaction_with_an_expired_token(name: str, sandbox: Any, ready: Connection) -> None:
    let_token_expire(sandbox)
    refusal = run_inside(name, sandbox, ready)
    assert not refusal or "transaction" in refusal
    assert connections.ensure_fresh_token(ready.pk)


def test_what_is_rolled_back_leaves_the_mirror_as_it_was(sandbox: Any, ready: Connection) -> None:
    with pytest.raises(ZeroDivisionError), atomic(Connection):
        synced()(sandbox, ready)
        raise ZeroDivisionError
    assert not Record.objects.exists()
    synced()(sandbox, ready)
    assert Record.objects.filter(module="Contacts").count() == 3


@pytest.mark.parametrize("name", PAGES)
def test_a_page_waits_for_zoho_outside_of_any_transaction(
    name: str, sandbox: Any, ready: Connection, monkeypatch: Any
) -> None:
    inside: list[bool] = []

    def send(self: Any, request: Any, **options: Any) -> Any:
        inside.extend(each.in_atomic_block for each in databases.all(initialized_only=True))
        return adapted(self, request, **options)

    adapted = Session.send
    monkeypatch.setattr(Session, "send", send)
    in_browser(PAGES[name])(sandbox, ready)
    assert not any(inside)
    assert inside or name == "begin"


@pytest.mark.parametrize("chosen", [False, True], ids=["button", "list"])
@pytest.mark.parametrize("name", ACTIONS)
def test_a_press_in_the_admin(name: str, chosen: bool, client: Client, sandbox: Any, ready: Connection) -> None:
    client.force_login(make_superuser())
    written(Connection).filter(pk=ready.pk).update(status=suits(name), status_before_pause="healthy")
    seen: list[bool] = []

    def wake(kind: str, row_id: int) -> None:
        seen.append(database.in_atomic_block)

    with woken_by(wake):
        response = (choose if chosen else press)(client, *((name, ready) if chosen else (ready, name)), confirmed="yes")
    assert response.status_code == 302
    assert said(response)
    assert not any(seen)
    assert Job.objects.get().kind == ACTIONS[name].kind
