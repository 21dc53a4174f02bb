"""Zoho's official Python SDK for CRM 8.0 does its work against the sandbox, unchanged but for the address.

It reads every answer into classes of its own and takes the type of each field from the metadata, so that a wrong type,
key or status fails here. Only the path is translated: see `crm_address`.
"""

import csv
import io
import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store.file_store import FileStore
from zohocrmsdk.src.com.zoho.crm.api import bulk_read as bulk
from zohocrmsdk.src.com.zoho.crm.api import coql, fields, modules, notes, org, users
from zohocrmsdk.src.com.zoho.crm.api import record as records
from zohocrmsdk.src.com.zoho.crm.api import related_records as related
from zohocrmsdk.src.com.zoho.crm.api.dc.data_center import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.exception import SDKException
from zohocrmsdk.src.com.zoho.crm.api.initializer import Initializer
from zohocrmsdk.src.com.zoho.crm.api.parameter_map import ParameterMap
from zohocrmsdk.src.com.zoho.crm.api.sdk_config import SDKConfig
from zohocrmsdk.src.com.zoho.crm.api.util import Choice

from django_bigin.sandbox import Sandbox
from tests.outside.crm_address import served

pytestmark = pytest.mark.outside

Contacts = records.RecordOperations("Contacts")
CONTACTS = 2300


@pytest.fixture(scope="module")
def sandbox():
    # Newer CRM names a bulk read's module and fields by objects, and so does its SDK.
    with Sandbox(records={"Contacts": CONTACTS}, switches={"bulk_module_object": "accepted"}) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def address(sandbox):
    with served(sandbox) as address:
        yield address


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give where the SDK keeps its tokens and the fields it has read."""
    return tmp_path_factory.mktemp("sdk")


@pytest.fixture(scope="module")
def sign_in(sandbox, address):
    """Give what starts the SDK: with a token, and a folder for the tokens and for the fields that it has read."""

    def sign_in(folder, **token):
        organization = sandbox.organizations[0]
        token = OAuthToken(organization["client_id"], organization["client_secret"], **token)
        environment = DataCenter.Environment(address, address + "/oauth/v2/token", address)
        config = SDKConfig(auto_refresh_fields=False, pick_list_validation=True)
        store = FileStore(str(folder / "tokens.csv"))
        Initializer.initialize(environment, token, store=store, sdk_config=config, resource_path=str(folder))
        return token

    return sign_in


@pytest.fixture
def signed_in(sandbox, sign_in, folder):
    """Sign in; the test fails if the SDK made a call that Bigin does not have."""
    sandbox.clear_calls()
    sign_in(folder, refresh_token=sandbox.organizations[0]["refresh_token"])
    yield
    assert sandbox.calls()["unknown"] == []


# How one talks to the SDK


def done(response, status=200):
    """Give what an answer holds."""
    answer = response.get_object()
    assert response.get_status_code() == status, answer
    assert type(answer).__name__ != "APIException", refusal(answer)
    return answer


def refusal(answer):
    return answer.get_code().get_value(), answer.get_message(), answer.get_details()


def parameters(kinds, **values):
    """Make a map of parameters: `parameters(GetRecordsParam, fields="Email")`."""
    found = ParameterMap()
    for name, value in values.items():
        found.add(getattr(kinds, name), value)
    return found


def contact(**values):
    record = records.Record()
    for name, value in values.items():
        record.add_key_value(name, value)
    return record


def body_of(*rows, **more):
    body = records.BodyWrapper()
    body.set_data(list(rows))
    for name, value in more.items():
        getattr(body, "set_" + name)(value)
    return body


def results(response, status=200):
    """Give (code, id) for each row of a write."""
    return [(row.get_code().get_value(), row.get_details()["id"]) for row in done(response, status).get_data()]


def insert(*rows):
    written = results(Contacts.create_records(body_of(*rows)), 201 if len(rows) == 1 else 202)
    assert {code for code, _ in written} == {"SUCCESS"}
    return [int(number) for _, number in written]


def read(number):
    [record] = done(Contacts.get_record(number)).get_data()
    return record


# Tokens


@pytest.fixture
def code(sandbox):
    return sandbox.mint_grant_token(org_id=sandbox.organizations[0]["org_id"])["grant_token"]


def test_exchanges_a_code_and_keeps_both_tokens(sign_in, code, tmp_path):
    sign_in(tmp_path, grant_token=code)

    [kept] = Initializer.get_initializer().store.get_tokens()
    assert kept.get_refresh_token().startswith("1000.")
    assert kept.get_access_token().startswith("1000.")
    assert done(modules.ModulesOperations().get_modules()).get_modules()


def test_a_code_serves_once(sign_in, code, tmp_path):
    sign_in(tmp_path, grant_token=code)
    (tmp_path / "tokens.csv").unlink()

    with pytest.raises(SDKException, match="invalid_code"):
        sign_in(tmp_path, grant_token=code)


def test_refreshes_an_access_token_that_runs_out(sandbox, sign_in, code, tmp_path):
    sandbox.switch(access_token_seconds=5)  # when so much is left the SDK asks for another
    token = sign_in(tmp_path, grant_token=code)
    sandbox.switch(access_token_seconds=3600)
    first = token.get_access_token()

    assert done(modules.ModulesOperations().get_modules()).get_modules()

    [kept] = Initializer.get_initializer().store.get_tokens()
    assert kept.get_access_token() != first


def test_refreshes_by_a_refresh_token_alone(sandbox, sign_in, tmp_path):
    token = sign_in(tmp_path, refresh_token=sandbox.organizations[0]["refresh_token"])

    assert token.get_access_token().startswith("1000.")


def test_a_refresh_token_that_nobody_knows_is_refused(sign_in, tmp_path):
    with pytest.raises(SDKException, match="invalid_code"):
        sign_in(tmp_path, refresh_token="1000.00.00")


def test_knows_whose_token_it_is(sandbox, signed_in):
    [user] = done(users.UsersOperations().get_users(parameters(users.GetUsersParam, type="CurrentUser"))).get_users()
    [organization] = done(org.OrgOperations().get_organization()).get_org()

    assert user.get_email()
    assert organization.get_zgid() == sandbox.organizations[0]["org_id"]


# What there is


def test_reads_the_modules(signed_in):
    found = {module.get_api_name(): module for module in done(modules.ModulesOperations().get_modules()).get_modules()}

    assert {"Contacts", "Accounts", "Pipelines", "Tasks", "Events", "Calls", "Products", "Notes"} <= set(found)
    assert found["Contacts"].get_api_supported() is True
    assert isinstance(found["Contacts"].get_id(), int)


def test_reads_one_module(signed_in):
    [module] = done(modules.ModulesOperations().get_module_by_api_name("Contacts")).get_modules()

    assert module.get_api_name() == "Contacts"


def test_reads_the_fields_of_a_module_and_the_type_of_each(signed_in):
    asked = parameters(fields.GetFieldsParam, module="Contacts")

    found = done(fields.FieldsOperations().get_fields(asked)).get_fields()

    types = {field.get_api_name(): field.get_data_type() for field in found}
    assert types["Email"] == "email"
    assert types["Account_Name"] == "lookup"
    assert types["Modified_Time"] == "datetime"


# Reading records

LIST = records.GetRecordsParam


def test_pages_past_two_thousand_records(signed_in):
    seen, token, pages = [], None, 0
    while True:
        asked = parameters(LIST, fields="Last_Name,Modified_Time", per_page=200)
        if token:
            asked.add(LIST.page_token, token)
        answer = done(Contacts.get_records(asked))
        seen += [record.get_id() for record in answer.get_data()]
        pages += 1
        token = answer.get_info().get_next_page_token()
        if not answer.get_info().get_more_records():
            break

    assert pages > 10
    assert len(seen) == len(set(seen)) >= CONTACTS


def test_page_alone_ends_at_two_thousand(signed_in):
    tenth = done(Contacts.get_records(parameters(LIST, fields="Last_Name", per_page=200, page=10)))
    eleventh = Contacts.get_records(parameters(LIST, fields="Last_Name", per_page=200, page=11))

    assert len(tenth.get_data()) == 200
    assert refusal(eleventh.get_object())[0] == "DISCRETE_PAGINATION_LIMIT_EXCEEDED"


def test_reads_each_kind_of_value(signed_in):
    [number] = insert(contact(Last_Name="Ito", Email="ito@example.com", Date_of_Birth=date(1990, 2, 28)))

    record = read(number)

    assert record.get_key_value("Last_Name") == "Ito"
    assert record.get_key_value("Email") == "ito@example.com"
    assert isinstance(record.get_modified_time(), datetime)
    assert abs(record.get_modified_time() - datetime.now(UTC)) < timedelta(minutes=5)
    assert record.get_created_by().get_name()


def test_counts(signed_in):
    assert done(Contacts.record_count()).get_count() >= CONTACTS


# Writing records


def test_inserts_one_and_many(signed_in):
    assert len(insert(contact(Last_Name="One"))) == 1
    assert len(insert(*[contact(Last_Name=f"Many {number}") for number in range(100)])) == 100


def test_a_link_is_written_and_read_as_a_record(signed_in):
    accounts = records.RecordOperations("Accounts")
    [(_, company)] = results(accounts.create_records(body_of(contact(Account_Name="Ito Works"))), 201)
    link = records.Record()
    link.set_id(int(company))

    [number] = insert(contact(Last_Name="Ito", Account_Name=link))

    assert read(number).get_key_value("Account_Name").get_id() == int(company)
    assert read(number).get_key_value("Account_Name").get_key_value("name") == "Ito Works"


def test_a_row_that_is_refused_says_which_field(signed_in):
    answer = Contacts.create_records(body_of(contact(Last_Name="Good"), contact(Last_Name="Bad", Email="no address")))

    assert answer.get_status_code() == 207
    good, bad = answer.get_object().get_data()
    assert good.get_code().get_value() == "SUCCESS"
    assert bad.get_code().get_value() == "INVALID_DATA"
    assert bad.get_details()["api_name"] == "Email"


def test_updates_one_and_many(signed_in):
    first, second = insert(contact(Last_Name="Before"), contact(Last_Name="Before"))

    results(Contacts.update_record(first, body_of(contact(Last_Name="After"))))
    rows = [contact(id=first, Title="Chief"), contact(id=second, Last_Name="After")]
    results(Contacts.update_records(body_of(*rows)))

    assert [read(number).get_key_value("Last_Name") for number in (first, second)] == ["After", "After"]
    assert read(first).get_key_value("Title") == "Chief"


def test_upserts_by_email(signed_in):
    [number] = insert(contact(Last_Name="Before", Email="upsert@example.com"))

    rows = [contact(Last_Name="After", Email="upsert@example.com"), contact(Last_Name="New", Email="new@example.com")]
    answer = done(Contacts.upsert_records(body_of(*rows, duplicate_check_fields=["Email"])))

    updated, inserted = answer.get_data()
    assert (updated.get_action().get_value(), updated.get_duplicate_field()) == ("update", "Email")
    assert int(updated.get_details()["id"]) == number
    assert inserted.get_action().get_value() == "insert"
    assert read(number).get_key_value("Last_Name") == "After"


def test_deletes_one_and_many_and_lists_them(signed_in):
    one, *many = insert(*[contact(Last_Name="Gone") for _ in range(3)])

    results(Contacts.delete_record(one))
    results(Contacts.delete_records(parameters(records.DeleteRecordsParam, ids=",".join(map(str, many)))))

    deleted = done(Contacts.get_deleted_records(parameters(records.GetDeletedRecordsParam, type="recycle")))
    found = {record.get_id(): record for record in deleted.get_data()}
    assert {one, *many} <= set(found)
    assert found[one].get_display_name() == "Gone"
    assert found[one].get_deleted_time().tzinfo
    assert Contacts.get_record(one).get_status_code() == 204


# Finding records


@pytest.mark.parametrize("by", ["criteria", "email", "phone", "word"])
def test_searches(sandbox, signed_in, by):
    mark = f"Findable{by}"
    email, phone = f"{mark.lower()}@example.com", f"+44 20 7946 {sum(map(ord, by)):04}"
    [number] = insert(contact(Last_Name=mark, Email=email, Phone=phone))
    sandbox.advance(60)  # the index lags behind
    value = {"criteria": f"(Last_Name:equals:{mark})", "email": email, "phone": phone, "word": mark}[by]

    found = done(Contacts.search_records(parameters(records.SearchRecordsParam, **{by: value}))).get_data()

    assert [(record.get_id(), record.get_key_value("Email")) for record in found] == [(number, email)]


def test_a_search_without_a_match_has_no_content(signed_in):
    asked = parameters(records.SearchRecordsParam, criteria="(Last_Name:equals:Nobody)")

    assert Contacts.search_records(asked).get_status_code() == 204


def test_asks_by_coql(signed_in):
    numbers = insert(*[contact(Last_Name="Coql", Email=f"coql{number}@example.com") for number in range(3)])
    body = coql.BodyWrapper()
    body.set_select_query("select Last_Name, Email from Contacts where Last_Name = 'Coql' order by id asc limit 2")

    answer = done(coql.CoqlOperations().get_records(body))

    assert [record.get_id() for record in answer.get_data()] == numbers[:2]
    assert answer.get_info().get_more_records() is True


# What hangs on a record


def test_a_note_is_written_to_a_record_and_read_with_it(signed_in):
    [number] = insert(contact(Last_Name="Noted"))
    note, parent, module, body = notes.Note(), notes.ParentId(), modules.MinifiedModule(), notes.BodyWrapper()
    module.set_api_name("Contacts")
    parent.set_id(number)
    parent.set_module(module)
    note.set_note_title("Call")
    note.set_note_content("Back on Monday")
    note.set_parent_id(parent)
    body.set_data([note])

    results(notes.NotesOperations().create_notes(body), 201)

    asked = parameters(related.GetRelatedRecordsParam, fields="Note_Title,Note_Content")
    found = done(related.RelatedRecordsOperations("Notes", "Contacts").get_related_records(number, asked)).get_data()
    assert [(row.get_key_value("Note_Title"), row.get_key_value("Note_Content")) for row in found] == [
        ("Call", "Back on Monday")
    ]


# Bulk read


def test_reads_in_bulk(sandbox, signed_in):
    numbers = insert(*[contact(Last_Name="Bulk", Email=f"bulk{number}@example.com") for number in range(3)])
    jobs = bulk.BulkReadOperations()

    asked = job_of("Contacts", ["Last_Name", "Email"], Last_Name="Bulk")
    [started] = done(jobs.create_bulk_read_job(asked), 201).get_data()
    job = int(started.get_details()["id"])
    [waiting] = done(jobs.get_bulk_read_job_details(job)).get_data()
    sandbox.advance(60)
    [ended] = done(jobs.get_bulk_read_job_details(job)).get_data()
    stream = done(jobs.download_result(job)).get_file().get_stream()

    assert waiting.get_state().get_value() == "ADDED"
    assert ended.get_state().get_value() == "COMPLETED"
    assert (ended.get_result().get_count(), ended.get_result().get_more_records()) == (3, False)
    assert {(row["id"], row["Email"]) for row in rows_of(stream)} == {
        (str(number), f"bulk{at}@example.com") for at, number in enumerate(numbers)
    }


def job_of(module_name, field_names, **equals):
    """Make the body of a job that reads the records in which each of these fields equals a value."""
    module, query, body = modules.MinifiedModule(), bulk.Query(), bulk.BodyWrapper()
    module.set_api_name(module_name)
    query.set_module(module)
    query.set_fields(field_names)
    query.set_page(1)
    for name, value in equals.items():
        field, criteria = fields.MinifiedField(), bulk.Criteria()
        field.set_api_name(name)
        criteria.set_field(field)
        criteria.set_comparator(Choice("equal"))
        criteria.set_value(value)
        query.set_criteria(criteria)
    body.set_query(query)
    return body


def rows_of(stream):
    content = b"".join(stream)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        [name] = archive.namelist()
        return list(csv.DictReader(io.StringIO(archive.read(name).decode())))
