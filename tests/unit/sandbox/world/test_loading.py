"""One CSV a module: what becomes of its columns, and what is said about a file that is wrong."""

import pytest

from django_bigin.sandbox import LoadError, Sandbox

from ..program import Program

STAGE = "Sales Pipeline Standard,Qualification"


@pytest.fixture
def load(tmp_path):
    """Write files and load them: `load(Contacts="Last_Name\\nWen\\n")`."""

    def loaded(**files):
        for module, content in files.items():
            path = tmp_path / f"{module}.csv"
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Sandbox(load=tmp_path)

    return loaded


def kept(sandbox):
    return [
        (what["module"], what["column"], what["value"], what["kept_in"], what["rows"])
        for what in sandbox.load_report.as_dict()["kept"]
    ]


def test_columns_of_bigin_fill_its_fields(load):
    sandbox = load(
        Contacts="Last_Name,Email,Email_Opt_Out,Tag,Created_Time\nWen,li@x.example,yes,vip;new,2020-01-01T00:00:00Z\n",
        Products="Product_Name,Unit_Price,Qty_in_Stock\nPump,19.99,5\n",
    )

    [contact] = sandbox.records("Contacts")
    [product] = sandbox.records("Products")
    assert (contact["Email"], contact["Email_Opt_Out"]) == ("li@x.example", True)
    assert [tag["name"] for tag in contact["Tag"]] == ["vip", "new"]
    assert contact["Modified_Time"] > contact["Created_Time"] == "2019-12-31T19:00:00-05:00"
    assert (product["Unit_Price"], product["Qty_in_Stock"]) == (19.99, 5)
    assert kept(sandbox) == []


@pytest.mark.parametrize(
    ("values", "data_type", "shown"),
    [
        (["1", "-2"], "integer", 1),
        (["1", "2.5"], "double", 1),
        (["true", "FALSE"], "boolean", True),
        (["2026-01-31", ""], "date", "2026-01-31"),
        (["2026-01-31T10:00:00Z"], "datetime", "2026-01-31T05:00:00-05:00"),
        (["007", "8"], "text", "007"),
        (["12345678901"], "text", "12345678901"),
        (["x" * 300], "textarea", "x" * 300),
        (["", ""], "text", None),
    ],
)
def test_other_columns_become_custom_fields_of_a_guessed_type(load, values, data_type, shown):
    lines = [f"A{n},{value}" for n, value in enumerate(values)]
    sandbox = load(Accounts="Account_Name,Extra\n" + "\n".join(lines))
    fields = Program(sandbox).get("settings/fields", module="Accounts")[1]["fields"]

    [extra] = [field for field in fields if field["api_name"] == "Extra"]
    assert (extra["data_type"], extra["custom_field"]) == (data_type, True)
    assert sandbox.records("Accounts")[0]["Extra"] == shown


def test_links_go_by_name(load):
    sandbox = load(
        Users="full_name,email\nDarcel Schlecht,ds@x.example\n",
        Accounts="Account_Name,Parent_Account\nActive,Orbit\nOrbit,\n",
        Products="Product_Name\nPump\n",
        Contacts="Last_Name,Account_Name\nWen,orbit\n",
        Pipelines="Deal_Name,Sub_Pipeline,Stage,Owner,Account_Name,Contact_Name,Product\n"
        f"D,{STAGE},Darcel Schlecht,Orbit,Wen,Pump\n",
        Tasks="Subject,Related_To,Owner\nCall,D,ds@x.example\n",
    )

    [deal], [contact], [task] = (sandbox.records(module) for module in ("Pipelines", "Contacts", "Tasks"))
    names = {name: deal[name]["name"] for name in ("Owner", "Account_Name", "Contact_Name", "Product")}
    assert names == {"Owner": "Darcel Schlecht", "Account_Name": "Orbit", "Contact_Name": "Wen", "Product": "Pump"}
    assert contact["Account_Name"]["name"] == "Orbit"
    assert sandbox.records("Accounts")[0]["Parent_Account"]["name"] == "Orbit", "a later row of the same file"
    assert (task["Related_To"]["name"], task["Owner"]["name"]) == ("D", "Darcel Schlecht")
    assert [user["full_name"] for user in sandbox.records("Users")] == ["Mira Holt", "Darcel Schlecht"]
    assert kept(sandbox) == []


def test_what_cannot_be_resolved_is_kept_as_text_and_told(load):
    sandbox = load(
        Products="Product_Name\nGTX Pro\n",
        Accounts="Account_Name\nTwin\nTwin\n",
        Pipelines="Deal_Name,Sub_Pipeline,Stage,Owner,Account_Name,Product,Amount\n"
        f"A,{STAGE},Nobody,Twin,GTXPro,much\nB,{STAGE},,,GTXPro,5\nC,{STAGE},,,GTX Pro,\n",
    )

    deals = sandbox.records("Pipelines")

    assert len(deals) == 3
    assert sorted(kept(sandbox)) == [
        ("Pipelines", "Account_Name", "Twin", "Account_Name_Text", 1),
        ("Pipelines", "Amount", "much", "Amount_Text", 1),
        ("Pipelines", "Owner", "Nobody", "Owner_Text", 1),
        ("Pipelines", "Product", "GTXPro", "Product_Text", 2),
    ]
    assert (deals[0]["Product"], deals[0]["Product_Text"]) == (None, "GTXPro")
    assert deals[0]["Owner"]["name"] == "Mira Holt"
    assert deals[2]["Product"]["name"] == "GTX Pro"
    lines = sandbox.load_report.lines()
    assert lines[0] == "loaded 2 Accounts, 1 Products, 3 Pipelines"
    assert "Pipelines.csv: Product 'GTXPro' names no product (2 rows); kept as text in Product_Text" in lines


def test_too_long_and_not_unique_and_empty_values_lose_no_row(load):
    rows = f"{'x' * 90},a@x.example\nWen,A@x.example\n,b@x.example\n"
    sandbox = load(Contacts="Last_Name,Email\n" + rows)

    records = sandbox.records("Contacts")
    assert len(records) == 3
    assert records[0]["Last_Name_Text"] == "x" * 90
    assert (records[1]["Email"], records[1]["Email_Text"]) == (None, "A@x.example")
    assert ("Contacts", "Last_Name", "", "", 1) in kept(sandbox)


def test_a_column_of_the_keepers_own_name_is_not_written_over(load):
    sandbox = load(
        Products="Product_Name\nPump\n",
        Accounts="Account_Name,Product,Product_Text\nA,Pump,mine\nB,Pmup,mine too\n",
    )

    record = sandbox.records("Accounts")[1]
    assert (record["Product_Text"], record["Product_Text_Kept"]) == ("mine too", "Pmup")


def test_new_stages_are_learned(load):
    sandbox = load(Pipelines="Deal_Name,Sub_Pipeline,Stage\nA,Sales Pipeline Standard,Engaging\nB,Service,Open\n")
    program = Program(sandbox)

    row = {"Deal_Name": "C", "Sub_Pipeline": "Service", "Stage": "Open"}
    assert program.write("POST", "Pipelines", row)[0] == 201
    fields = {f["api_name"]: f for f in program.get("settings/fields", module="Pipelines")[1]["fields"]}
    assert "Engaging" in [value["actual_value"] for value in fields["Stage"]["pick_list_values"]]


def test_a_reset_loads_again(load):
    sandbox = load(Contacts="Last_Name\nWen\n")
    sandbox.add_records("Contacts", 3)
    sandbox.reset()

    assert sandbox.counts()["Contacts"] == 1


def test_quotes_newlines_and_a_byte_order_mark_are_read(load):
    sandbox = load(Accounts='\ufeffAccount_Name,Description\n"Orbit, Inc.","two\nlines"\n\n'.encode())

    [record] = sandbox.records("Accounts")
    assert (record["Account_Name"], record["Description"]) == ("Orbit, Inc.", "two\nlines")


WRONG = [
    ("Contacts", "First_Name\nLi\n", "1: the column Last_Name is missing, and every Contacts record has one; add it"),
    ("Contacts", "", "1: the file is empty; its first line must name the columns"),
    ("Contacts", "Last_Name,Last_Name\n", "1: the column Last_Name is there twice; rename one of them"),
    ("Contacts", "Last_Name,\n", "1: column 2 has no name; give it one"),
    ("Contacts", "Last_Name,Shoe Size\n", "1: 'Shoe Size' cannot be a field's name; use letters"),
    ("Contacts", "Last_Name,id\n", "1: Bigin gives ids itself; rename the column id"),
    ("Contacts", "Last_Name,Full_Name\n", "1: nobody can set Full_Name; take the column out"),
    ("Contacts", "Last_Name,Email\nWen\n", "2: 1 values for 2 columns; put quotes around values"),
    ("Contacts", b"Last_Name\nWen\nM\xfcller\n", "3: this is not UTF-8; save the file in UTF-8"),
    ("Contacts", 'Last_Name\n"Wen" Li\n', "2: .*check the quotes"),
    ("Users", "email\na@x.example\n", "1: the column full_name is missing; add it"),
    ("Users", "full_name,shoe\nA,1\n", "1: users have no 'shoe'; the columns are full_name"),
    ("Users", "full_name,email\n,a@x.example\n", "2: this user has no name; fill in full_name"),
]


@pytest.mark.parametrize(("name", "content", "sentence"), WRONG)
def test_a_wrong_file_gets_one_sentence_with_its_line(load, name, content, sentence):
    with pytest.raises(LoadError, match=f"^{name}.csv line {sentence}") as caught:
        load(**{name: content})

    assert "\n" not in str(caught.value)


def test_a_file_of_no_module_is_named(load):
    with pytest.raises(LoadError, match=r"^Leads.csv: there is no module 'Leads'; rename the file to one of Users.csv"):
        load(Leads="Last_Name\nWen\n")


def test_a_wrong_directory_is_named(tmp_path):
    with pytest.raises(LoadError, match="holds no CSV file"):
        Sandbox(load=tmp_path)
    with pytest.raises(LoadError, match="is no directory"):
        Sandbox(load=tmp_path / "nowhere")
