"""COQL: what a query may say, what it finds, and its limits."""

import pytest

from django_bigin.sandbox.coql.grammar import QueryError, read_query
from django_bigin.sandbox.records.conditions import Comparison, Group


@pytest.fixture
def ask(program):
    def ask(text):
        status, body, _ = program.call("POST", "coql", body={"select_query": text})
        return status, body

    return ask


@pytest.fixture
def names(sandbox, ask):
    """Last names of four contacts that a WHERE finds, in the order of the answer."""
    [acme] = sandbox.add_records("Accounts", [{"Account_Name": "Acme", "Billing_City": "Oslo"}])
    rows = [
        {"Last_Name": "Wen", "Email": "wen@a.example", "Account_Name": {"id": acme}},
        {"Last_Name": "O'Hara", "Email_Opt_Out": True, "Title": "COO"},
        {"Last_Name": "Abe", "Title": "CEO"},
        {"Last_Name": "Zola", "Phone": "1"},
    ]
    sandbox.add_records("Contacts", rows)

    def names(rest):
        status, body = ask(f"select Last_Name from Contacts {rest}")
        return [row["Last_Name"] for row in body["data"]] if status == 200 else (status, body and body["code"])

    return names


A, B, C, D = (Comparison(name, "equal", ("1",)) for name in "ABCD")


@pytest.mark.parametrize(
    ("where", "condition"),
    [
        ("A = 1", A),
        ("A = '1' and B = 1", Group("and", (A, B))),
        ("((A = 1 and B = 1) or (C = 1 and D = 1))", Group("or", (Group("and", (A, B)), Group("and", (C, D))))),
        ("A = 1 AND (B = 1 or C = 1)", Group("and", (A, Group("or", (B, C))))),
        ("A not in (1, 'x')", Comparison("A", "not_in", ("1", "x"))),
        ("A not between 1 and -2.5", Comparison("A", "not_between", ("1", "-2.5"))),
        (r"A like '\'x%'", Comparison("A", "like", ("'x%",))),
        ("A is not null", Comparison("A", "not_empty")),
    ],
)
def test_conditions_are_read(where, condition):
    assert read_query(f"select X from M where {where} limit 1", brackets=True).where == condition


def test_brackets_can_be_free():
    read = read_query("select X from M where A = 1 and B = 1 or C = 1", brackets=False)

    assert read.where == Group("or", (Group("and", (A, B)), C))


@pytest.mark.parametrize(
    ("text", "near", "line", "column"),
    [
        ("select A from M where A = 1 and B = 1 and C = 1", "and", 1, 39),
        ("select A\nfrom M\nwhere A ~ 1", "~", 3, 9),
        ("select * from M", "*", 1, 8),
        ("select count(id) from M", "(", 1, 13),
        ("update M", "update", 1, 1),
        ("select A from M where", "", 1, 22),
        ("select A from M where A = B", "B", 1, 27),
        ("select A from M limit -1", "-1", 1, 23),
        ("select A from M group by A", "group", 1, 17),
        ("select A from M where A = 'open", "'", 1, 27),
    ],
)
def test_what_cannot_be_parsed_is_named_by_its_place(text, near, line, column):
    with pytest.raises(QueryError) as refused:
        read_query(text, brackets=True)

    assert refused.value.details == {"near": near, "line": line, "column": column}


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        ("", ["Wen", "O'Hara", "Abe", "Zola"]),
        ("where id is not null order by Last_Name", ["Abe", "O'Hara", "Wen", "Zola"]),
        ("where id is not null order by id desc limit 2", ["Zola", "Abe"]),
        ("where id is not null order by Title desc, Last_Name desc", ["O'Hara", "Abe", "Zola", "Wen"]),
        ("where id is not null limit 2 offset 1", ["O'Hara", "Abe"]),
        ("where Last_Name = 'wen'", ["Wen"]),
        (r"where Last_Name = 'O\'Hara'", ["O'Hara"]),
        ("where Last_Name like 'W%'", ["Wen"]),
        ("where Last_Name like '%a'", ["O'Hara", "Zola"]),
        ("where Last_Name not like '%a%'", ["Wen"]),
        ("where Last_Name in ('Wen', 'Abe')", ["Wen", "Abe"]),
        ("where Email is null", ["O'Hara", "Abe", "Zola"]),
        ("where Email_Opt_Out = true", ["O'Hara"]),
        ("where Account_Name.Billing_City = 'oslo'", ["Wen"]),
        ("where Account_Name is not null", ["Wen"]),
        ("where Owner.email is not null limit 1", ["Wen"]),
        ("where Created_Time between '2020-01-01T00:00:00Z' and '2021-01-01T00:00:00Z'", (204, None)),
        ("where (Title = 'CEO' or (Title = 'COO' and Email is null))", ["O'Hara", "Abe"]),
        ("where Nickname = 'x'", (400, "INVALID_QUERY")),
        ("where Description = 'x'", (400, "INVALID_QUERY")),
        ("where Tag = 'x'", (400, "INVALID_QUERY")),
        ("where Department = 'x'", (400, "INVALID_QUERY")),
        ("where Last_Name > 'x'", (400, "INVALID_QUERY")),
        ("where Email_Opt_Out is null", (400, "INVALID_QUERY")),
        ("where Account_Name like '5%'", (400, "INVALID_QUERY")),
        ("where Created_Time > 'yesterday'", (400, "INVALID_QUERY")),
        ("where id is not null limit 201", (400, "LIMIT_EXCEEDED")),
        ("where id is not null limit 200 offset 9801", (400, "LIMIT_EXCEEDED")),
        ("where id is not null limit 200 offset 9800", (204, None)),
        (f"where Title in ({', '.join(['1'] * 51)})", (400, "LIMIT_EXCEEDED")),
        ("where Last_Name", (400, "SYNTAX_ERROR")),
    ],
)
def test_queries_choose(names, rest, found):
    assert names(rest) == found


OPERATORS = {
    "= {}": "equal", "!= {}": "not_equal", "> {}": "greater", ">= {}": "greater", "< {}": "less", "<= {}": "less",
    "between {} and {}": "between", "not between {} and {}": "between", "in ({})": "in", "not in ({})": "in",
    "like {}": "like", "not like {}": "like", "is null": "null", "is not null": "null",
}  # fmt: skip
EVERY = {"equal", "not_equal", "in", "null"}
ALLOWED = {
    "Deal_Name": ("'B'", EVERY | {"like"}),
    "Stage": ("'Qualification'", EVERY | {"like"}),
    "Amount": ("20.5", EVERY | {"greater", "less", "between"}),
    "Closing_Date": ("'2026-12-15'", EVERY | {"greater", "less", "between"}),
    "Created_Time": ("'2026-12-15T10:00:00+01:00'", EVERY | {"greater", "less", "between"}),
    "Account_Name": ("'5725767000000512004'", EVERY),
    "Owner": ("'5725767000000512004'", EVERY),
}


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("column", ALLOWED)
def test_each_type_has_its_operators(ask, column, operator):
    value, allowed = ALLOWED[column]

    status, body = ask(f"select Deal_Name from Pipelines where {column} {operator.format(value, value)}")

    if OPERATORS[operator] in allowed:
        assert status == 204, body
    else:
        assert (status, body["code"]) == (400, "INVALID_QUERY")
        assert body["details"].keys() == {"column_name", "data_type", "operator"}


@pytest.mark.parametrize("operator", [name for name in OPERATORS if name != "= {}"])
def test_a_boolean_is_equal_or_nothing(ask, operator):
    assert ask("select Email from Contacts where Email_Opt_Out = true")[0] == 204
    assert ask(f"select Email from Contacts where Email_Opt_Out {operator.format('true', 'true')}")[0] == 400


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("Amount = 20.5", "B"), ("Amount != 20.5", "AC"), ("Amount > 20.5", "C"), ("Amount >= 20.5", "BC"),
        ("Amount < 20.5", "A"), ("Amount <= 20.5", "AB"), ("Amount between 10 and 20.5", "AB"),
        ("Amount not between 10 and 20.5", "C"), ("Amount in (10, 30)", "AC"), ("Amount not in (10, 30)", "B"),
        ("Closing_Date > '2026-12-01'", "C"), ("Closing_Date = '2026-12-01'", "A"), ("Closing_Date is null", "B"),
        ("Closing_Date is not null", "AC"), ("Stage like 'Quali%'", "ABC"), ("Deal_Name not like '%A%'", "BC"),
    ],
)  # fmt: skip
def test_comparisons_choose(sandbox, ask, where, names):
    common = {"Sub_Pipeline": "Sales Pipeline Standard", "Stage": "Qualification"}
    for name, amount, day in (("A", 10, "2026-12-01"), ("B", 20.5, None), ("C", 30, "2027-01-01")):
        sandbox.add_records("Pipelines", [{"Deal_Name": name, "Amount": amount, "Closing_Date": day, **common}])

    rows = ask(f"select Deal_Name from Pipelines where {where}")[1]["data"]

    assert "".join(row["Deal_Name"] for row in rows) == names


def test_walks_by_id_and_by_time_go_on_where_they_stopped(sandbox, ask):
    sandbox.seed(records={"Contacts": 450})
    wanted = sorted((record["id"] for record in sandbox.records("Contacts")), key=int)

    ids, last = [], "0"
    while (answer := ask(f"select Email from Contacts where id > '{last}' order by id asc limit 200"))[0] == 200:
        ids += [row["id"] for row in answer[1]["data"]]
        last = ids[-1]

    assert ids == wanted
    rows = ask("select Modified_Time from Contacts where id is not null order by Modified_Time asc, id asc")[1]["data"]
    stored = sorted((record["Modified_Time"], int(record["id"])) for record in sandbox.records("Contacts"))
    assert [int(row["id"]) for row in rows][:1] == [stored[0][1]]
    assert len(rows) == 200


def test_rows_hold_ids_of_links_unless_names_are_switched_on(sandbox, ask):
    [account] = sandbox.add_records("Accounts", [{"Account_Name": "Acme"}])
    sandbox.add_records("Contacts", [{"Last_Name": "Wen", "Account_Name": {"id": account}}])

    [row] = ask("select Account_Name, Account_Name.Account_Name, Account_Name.id, Phone from Contacts")[1]["data"]

    assert row.pop("id").isdigit()
    assert row == {
        "Account_Name": {"id": account}, "Account_Name.Account_Name": "Acme", "Account_Name.id": account, "Phone": None,
    }  # fmt: skip
    sandbox.switch(coql_lookup_names=True)
    [row] = ask("select Account_Name, Owner from Contacts")[1]["data"]
    assert row["Account_Name"] == {"name": "Acme", "id": account}
    assert row["Owner"]["name"] == "Mira Holt"


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        (", ".join(f"C{n}" for n in range(51)), "LIMIT_EXCEEDED"),
        ("Account_Name.Phone, Owner.email, Created_By.email", "LIMIT_EXCEEDED"),
        ("Email, Email", "DUPLICATE_DATA"),
        ("Tag", "INVALID_QUERY"),
        ("Record_Image", "INVALID_QUERY"),
        ("Account_Name.Owner.email", "INVALID_QUERY"),
    ],
)
def test_columns_have_limits(ask, columns, code):
    assert ask(f"select {columns} from Contacts where id is not null")[1]["code"] == code


@pytest.mark.parametrize(
    ("module", "column"), [("Events", "Participants"), ("Pipelines", "Associated_Products"), ("Tasks", "Remind_At")]
)
def test_what_is_no_plain_value_is_no_column(ask, module, column):
    assert ask(f"select {column} from {module} where id is not null")[1]["details"]["column_name"] == column
    assert ask(f"select id from {module} where {column} is not null")[1]["details"]["column_name"] == column


def test_long_texts_are_shown_and_not_compared(sandbox, ask):
    sandbox.add_records("Contacts", [{"Last_Name": "Wen", "Description": "Long"}])

    assert ask("select Description from Contacts where id is not null")[1]["data"][0]["Description"] == "Long"
    assert ask("select Description from Contacts where Description is null")[1]["code"] == "INVALID_QUERY"


@pytest.mark.parametrize(("conditions", "status"), [(25, 204), (26, 400)])
def test_25_conditions_are_the_most(ask, conditions, status):
    where = "Email is null"
    for _ in range(conditions - 1):
        where = f"(Email is null and {where})"

    assert ask(f"select Email from Contacts where {where}")[0] == status


def test_an_answer_has_two_keys_about_the_page(sandbox, ask):
    ids = sandbox.add_records("Contacts", 3)

    first = ask("SELECT id FROM Contacts WHERE id IS NOT NULL LIMIT 2")[1]
    last = ask("select id from Contacts where id is not null limit 2 offset 2")[1]

    assert first == {"data": [{"id": ids[0]}, {"id": ids[1]}], "info": {"count": 2, "more_records": True}}
    assert last["info"] == {"count": 1, "more_records": False}


def test_200_rows_come_if_nobody_says_how_many(sandbox, ask):
    sandbox.add_records("Contacts", 201)

    assert ask("select id from Contacts")[1]["info"] == {"count": 200, "more_records": True}


def test_ids_are_quoted_or_bare(sandbox, ask):
    ids = sandbox.add_records("Contacts", 3)

    for written in (ids[1], f"'{ids[1]}'"):
        assert ask(f"select id from Contacts where id = {written}")[1]["data"] == [{"id": ids[1]}]
        assert ask(f"select id from Contacts where id > {written}")[1]["data"] == [{"id": ids[2]}]


def test_multi_selects_are_compared_by_their_parts(sandbox, ask):
    sandbox.add_fields("Contacts", [{"api_name": "Colours", "data_type": "multiselectpicklist"}])
    sandbox.add_records("Contacts", [{"Last_Name": "Wen", "Colours": ["Red", "Blue"]}])

    def status(how):
        return ask(f"select Colours from Contacts where Colours {how}")[0]

    assert [status(how) for how in ("= 'Blue;Red'", "like '%lu%'", "in ('Red')", "is not null")] == [200] * 4
    assert [status(how) for how in ("= 'Blue'", "like 'lu%'", "not like 'R%'", "is null")] == [204] * 4


def test_a_team_pipeline_cannot_be_filtered_by(sandbox, ask):
    sandbox.add_records("Pipelines", 2)
    layout = sandbox.records("Pipelines")[0]["Pipeline"]["id"]

    assert ask("select Pipeline from Pipelines where id is not null")[1]["data"][0]["Pipeline"] == {"id": layout}
    assert ask(f"select Deal_Name from Pipelines where Pipeline = '{layout}'")[0] == 204


def test_where_can_be_required_and_brackets_free(sandbox, ask):
    sandbox.add_records("Contacts", 1)
    assert ask("select Email from Contacts")[0] == 200
    sandbox.switch(coql_where="required", coql_brackets="free")

    assert ask("select Email from Contacts")[1]["details"] == {"clause": "where"}
    assert ask("select Email from Contacts where id > '0' and id > '1' and id > '2'")[0] == 200


@pytest.mark.parametrize("body", [{}, [], {"select_query": 5}, {"select_query": " "}])
def test_a_body_without_a_query_is_refused(program, body):
    assert program.call("POST", "coql", body=body)[0] == 400


def test_coql_needs_its_own_scope_and_the_modules(program):
    text = {"select_query": "select Email from Contacts"}
    for scopes in ("ZohoBigin.modules.ALL", "ZohoBigin.coql.READ", "ZohoBigin.coql.READ,ZohoBigin.modules.tasks.READ"):
        assert program.connect_with(scopes).call("POST", "coql", body=text)[1]["code"] == "OAUTH_SCOPE_MISMATCH"
    program.connect_with("ZohoBigin.coql.READ,ZohoBigin.modules.contacts.READ")
    assert program.call("POST", "coql", body=text)[0] == 204
    assert program.call("GET", "coql")[1]["code"] == "INVALID_REQUEST_METHOD"


def test_what_was_just_written_can_be_hidden_from_coql(sandbox, ask):
    sandbox.switch(coql_lag_seconds=10)
    sandbox.add_records("Contacts", 1)

    assert ask("select Email from Contacts")[0] == 204
    sandbox.advance(10)
    assert ask("select Email from Contacts")[0] == 200
