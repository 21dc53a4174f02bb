"""The users, scopes and credits of bulk read jobs."""

import pytest

from django_bigin.sandbox import Sandbox

from ..bulk_reader import Bulk, as_another
from ..program import Program

# who may ask, how often, and what else is refused


def test_a_job_runs_as_the_tokens_user(sandbox, program, bulk):
    tom = next(user["id"] for user in sandbox.records("Users") if user["first_name"] == "Tom")
    _, toms = sandbox.add_records("Contacts", [{"Last_Name": "A"}, {"Last_Name": "B", "Owner": {"id": tom}}])
    as_another(sandbox, program)

    everything = bulk.start()
    assert bulk.details(everything)["created_by"] == {"name": "Tom Adeyemi", "id": tom}
    assert len(bulk.rows(everything)) == 2
    sandbox.switch(bulk_visibility="roles")
    assert [row["id"] for row in bulk.rows(bulk.start())] == [toms]
    program.connect()
    assert len(bulk.rows(bulk.start())) == 2, "who is on top sees everybody's"


def test_results_are_ten_a_minute(sandbox, bulk):
    job = bulk.start()
    sandbox.advance(10)

    assert [bulk.download(job).status for _ in range(11)] == [200] * 10 + [429]
    assert bulk.ask("GET", f"/{job}/result")[1]["code"] == "TOO_MANY_REQUESTS"
    assert bulk.ask("GET", f"/{job}")[0] == 200
    sandbox.advance(60)
    assert bulk.download(job).status == 200


def test_a_result_is_there_for_a_day(sandbox, program, bulk):
    sandbox.set_speed(0)
    job = bulk.start()
    sandbox.advance(10 + 86_400)
    program.connect()
    assert bulk.download(job).status == 200

    sandbox.advance(1)
    assert bulk.ask("GET", f"/{job}/result")[:2] == (
        404,
        {
            "code": "RESOURCE_NOT_FOUND", "details": {"resource": job},
            "message": "The requested resource doesn't exist.", "status": "error",
        },
    )  # fmt: skip


@pytest.mark.parametrize("path", ["/7", "/7/result"])
def test_an_unknown_job_is_404(bulk, path):
    status, body, _ = bulk.ask("GET", path)

    assert (status, body["code"], body["details"]) == (404, "RESOURCE_NOT_FOUND", {"resource": "7"})


def test_a_job_is_its_organizations_own():
    both = Sandbox(organizations=[{"data_center": "us"}, {"data_center": "us"}])
    one, other = Bulk(Program(both).connect()), Bulk(Program(both, 1).connect())
    job = one.start()
    both.advance(10)

    assert one.ask("GET", f"/{job}")[0] == 200
    assert [other.ask("GET", f"/{job}{rest}")[0] for rest in ("", "/result")] == [404, 404]


def test_a_job_costs_fifty_and_each_look_one(sandbox, bulk):
    before = sandbox.credits()["used"]
    job = bulk.start()
    assert sandbox.credits()["used"] - before == 50
    bulk.details(job)
    sandbox.advance(10)
    bulk.download(job)
    assert sandbox.credits()["used"] - before == 52


def test_a_job_needs_the_scopes_of_bulk_and_of_its_module(sandbox, program, bulk):
    job = bulk.start()
    sandbox.advance(10)

    for scopes in ("ZohoBigin.bulk.READ", "ZohoBigin.bulk.CREATE ZohoBigin.modules.ALL", "ZohoBigin.modules.ALL"):
        program.connect_with(scopes)
        assert bulk.start() == (401, "OAUTH_SCOPE_MISMATCH")
        for path in (f"/{job}", f"/{job}/result"):
            assert bulk.ask("GET", path)[1]["code"] == "OAUTH_SCOPE_MISMATCH"
    program.connect_with("ZohoBigin.bulk.READ ZohoBigin.modules.contacts.READ")
    assert bulk.details(bulk.start())["state"] == "ADDED"
    assert bulk.start(module="Tasks") == (401, "OAUTH_SCOPE_MISMATCH")


@pytest.mark.parametrize(("status", "refusal"), [(403, (403, "NO_PERMISSION")), (400, (400, "MODULE_NOT_AVAILABLE"))])
def test_a_module_the_plan_does_not_have_is_refused(sandbox, bulk, status, refusal):
    sandbox.switch(absent_modules={"Products": status})

    assert bulk.start(module="Products") == refusal
