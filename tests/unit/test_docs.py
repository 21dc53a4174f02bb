"""The truth of the documentation, held against the code."""

import re
import subprocess
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class

from devtools.verbs import VERBS
from django_bigin import testing
from django_bigin.health.kinds import CODES, Kind
from django_bigin.health.words import WORDS
from django_bigin.models import Connection
from django_bigin.sync import ModuleResult

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PACKAGE = ROOT / "django_bigin"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.glob("**/*.md")), ROOT / "benchmarks" / "README.md"]
ON_EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
CONF = (PACKAGE / "conf.py").read_text(encoding="utf-8")
SETTING = re.compile(r"\bBIGIN_[A-Z_]+\b")
ROW = re.compile(r"^\| `(BIGIN_[A-Z_]+)` \| (.+?) \|", re.MULTILINE)
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"`([^`\n]+)`")
DOTTED = re.compile(r"\bdjango_bigin(?:\.[A-Za-z_]\w*)+")
CHECK_ID = re.compile(r"django_bigin\.[EW]\d{3}")
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:)([^)\s]*)\)")
# Of the suite and of the benchmarks: the package does not read them.
SETTINGS_OF_TESTS = {
    "BIGIN_TEST_POSTGRES_URL", "BIGIN_TEST_MARIADB_URL", "BIGIN_BENCH_POSTGRES_URL", "BIGIN_BENCH_MARIADB_URL",
}  # fmt: skip
# What a reader of the page makes, and what a program makes when it runs.
NOT_OURS = {"mysite/clock.py", ".dev/", "sandbox.json", "NNNN-what-was-decided.md"}
FEATURE = re.compile(r"^\| ([^|`]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def read(name):
    return (DOCS / name).read_text(encoding="utf-8")


def section(text, heading):
    return re.split(r"^## ", text.partition(f"## {heading}\n")[2], flags=re.MULTILINE)[0]


def first_column(text):
    return [cell for cell in re.findall(r"^\| (.+?) \|", text, re.MULTILINE)[1:] if not cell.startswith("--")]


def options_of(name):
    parser = load_command_class("django_bigin", name).create_parser("manage.py", name)
    return {option for action in parser._actions for option in action.option_strings}


def resolve(dotted):
    """Import as much of a dotted name as is a module, and follow the rest; raise where it does not exist."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        try:
            found = import_module(name)
        except ModuleNotFoundError as error:
            if not name.startswith(error.name):
                raise
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(dotted)


def paths_in(text):
    """The relative paths of files and folders that are quoted, `{a, b}.py` written out."""
    for quoted in QUOTED.findall(FENCED.sub("", text)):
        before, braced, after = re.fullmatch(r"([^{]*)(?:\{([^}]*)\}(.*))?", quoted).groups()
        for name in (braced or "").split(", "):
            path = f"{before}{name}{after or ''}"
            if re.fullmatch(r"\.?[\w<>-][\w./<>-]*(/|\.(py|md|json|toml|html|ini))", path):
                yield path


def exists(path, page):
    """Whether there is such a path: from the top, in the package, beside the page; a bare name anywhere in them."""
    bases = (ROOT, PACKAGE, PACKAGE / "templates" / "django_bigin", page.parent, *PACKAGE.glob("api/products"))
    if any((base / path).exists() for base in bases):
        return True
    where = ("django_bigin", "docs", "tests")
    return path.endswith(".py") and any(next((ROOT / base).rglob(path), None) for base in where)


# Settings


def test_every_setting_is_described_once_and_no_other():
    described = [name for name, _ in ROW.findall(read("settings.md"))]

    assert sorted(described) == sorted(set(SETTING.findall(CONF)))


def test_the_numbers_that_settings_have_by_default_are_the_documented_ones():
    documented = dict(ROW.findall(read("settings.md")))
    defaults = {
        name: value for name, value in re.findall(r'_number\("(\w+)", ([\d._]+)', CONF) if documented[name] != "`None`"
    }

    assert len(defaults) == CONF.count('_number("') - 1  # one is None by default
    assert {name: float(documented[name].strip("`")) for name in defaults} == {
        name: float(value) for name, value in defaults.items()
    }


@ON_EACH_PAGE
def test_no_page_names_a_setting_that_there_is_not(page):
    assert set(SETTING.findall(page.read_text(encoding="utf-8"))) <= {*SETTING.findall(CONF), *SETTINGS_OF_TESTS}


# Names, paths and links


@ON_EACH_PAGE
def test_every_dotted_name_exists(page):
    checks = (PACKAGE / "checks.py").read_text(encoding="utf-8")
    for dotted in set(DOTTED.findall(page.read_text(encoding="utf-8"))):
        if CHECK_ID.fullmatch(dotted):
            assert f'"{dotted}"' in checks
        elif dotted.count(".") == 1 and dotted.partition(".")[2].istitle():
            apps.get_model(dotted)
        else:
            resolve(dotted)


@ON_EACH_PAGE
def test_every_quoted_path_exists(page):
    quoted = set(paths_in(page.read_text(encoding="utf-8"))) - NOT_OURS
    if page.name.startswith("0013-"):
        return  # a sketch: its paths are held below

    assert [path for path in sorted(quoted) if not exists(path, page)] == []


def test_the_sketch_adds_what_there_is_not_and_touches_what_there_is():
    page = DOCS / "decisions" / "0013-what-comes-and-where.md"
    features = [row for row in FEATURE.findall(page.read_text(encoding="utf-8")) if not row[0].startswith("-")][1:]

    assert len(features) >= 6
    for feature, adds, touches in features:
        assert [path for path in paths_in(touches) if not exists(path, page)] == [], feature
        assert [path for path in paths_in(adds) if (PACKAGE / path).is_file()] == [], f"{feature} has come"


@ON_EACH_PAGE
def test_every_link_leads_somewhere(page):
    broken = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(link)

    assert broken == []


def anchors_of(page):
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_every_page_is_reached_from_the_index():
    listed = set(re.findall(r"^([\w/-]+)$", read("index.md"), re.MULTILINE))

    assert {page.stem for page in DOCS.glob("*.md")} - {"index"} <= listed


# Commands


def test_every_command_is_described():
    ours = {name for name, app in get_commands().items() if app == "django_bigin"}

    assert set(re.findall(r"^## `(bigin_\w+)`", read("commands.md"), re.MULTILINE)) == ours


def test_a_command_has_the_options_that_its_description_names():
    described = re.findall(r"^## `(bigin_\w+)`\n(.*?)(?=^## |\Z)", read("commands.md"), re.MULTILINE | re.DOTALL)

    assert described
    for name, text in described:
        assert set(re.findall(r"`(--[\w-]+)", text)) <= options_of(name), name


def test_every_key_of_a_sync_is_described():
    quoted = set(QUOTED.findall(section(read("commands.md"), "`bigin_sync`")))

    assert {field.name for field in fields(ModuleResult)} <= quoted


@ON_EACH_PAGE
def test_every_call_of_a_command_is_one_that_it_takes(page):
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for name, arguments in re.findall(r"\b(bigin_[a-z]+)((?: +[^`|\n&;]+)?)", text):
        if name in get_commands() and name != "bigin_sandbox":
            assert set(re.findall(r"(?<= )--[a-z][\w-]*", arguments)) <= options_of(name), f"{name}{arguments}"


@ON_EACH_PAGE
def test_every_verb_of_dev_py_exists(page):
    text = page.read_text(encoding="utf-8")

    assert set(re.findall(r"dev\.py ([a-z]+)", text)) <= {*VERBS}


@ON_EACH_PAGE
def test_every_extra_exists(page):
    extras = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for named in re.findall(r"(?:django-bigin|clone)\[([\w,]+)\]", page.read_text(encoding="utf-8")):
        for extra in named.split(","):
            assert re.search(rf"^{extra} = \[", extras, re.MULTILINE), extra


# Tables that mirror a table of the code


def test_every_status_is_explained():
    statuses, _, states = section(read("operations.md"), "What each status asks of you").partition("A module of")

    assert first_column(statuses) == [status.label.lower() for status in Connection.Status]
    # What is overdue, resting or silent is no state of a module; it has a section of its own.
    of_modules = {*Kind} - {Kind.OVERDUE, Kind.RESTING, Kind.SILENT_TICK}
    assert sorted(first_column(states)) == sorted(WORDS[kind].label.lower() for kind in of_modules)


def test_every_finding_is_in_the_table_of_health_in_the_words_of_the_code():
    table = section(read("health.md"), "What each finding means")
    rows = re.findall(r"^\| `([\w.]+)` \| (\d+) \| (.+?) \| (.*?) ?\|$", table, re.MULTILINE)

    assert [(code, int(number), happened, todo.strip()) for code, number, happened, todo in rows] == [
        (code.text, code.exit_code, WORDS[kind].happened, WORDS[kind].person_does) for kind, code in CODES.items()
    ]


def test_every_fixture_and_helper_for_tests_exists():
    plugin = (PACKAGE / "testing" / "pytest_plugin.py").read_text(encoding="utf-8")
    fixtures = first_column(section(read("testing.md"), "With pytest"))

    assert fixtures
    for quoted in fixtures:
        assert f"def {quoted.strip('`')}(" in plugin
    imported = re.findall(r"^from django_bigin\.testing import (.+)$", read("testing.md"), re.MULTILINE)
    assert {name for line in imported for name in line.split(", ")} <= {*testing.__all__}


@pytest.mark.parametrize("page", ["how-it-works.md", "decisions/0012-rooms-and-layers.md"])
def test_every_room_has_its_place(page):
    rooms = {f"{each.parent.name}/" for each in PACKAGE.glob("*/__init__.py")} - {"migrations/"}
    rooms |= {each.stem for each in PACKAGE.glob("[a-z]*.py")}
    quoted = set(QUOTED.findall(read(page)))

    # Of no subject of their own.
    assert rooms - quoted <= {"apps", "urls", "exceptions", "text"}


# The tutorial


def test_the_tutorial_is_a_shell_script_in_its_marks():
    parts = [part.partition("<!-- /tutorial -->")[0] for part in read("tutorial.md").split("<!-- tutorial -->")[1:]]
    blocks = re.findall(r"^```sh\n(.*?)^```", "".join(parts), re.MULTILINE | re.DOTALL)

    done = subprocess.run(["bash", "-n"], input="".join(blocks), text=True, capture_output=True)

    assert len(blocks) > 10
    assert (done.returncode, done.stderr) == (0, "")


def test_what_the_tutorial_has_a_reader_press_and_read_is_in_the_steps_that_a_browser_test_takes():
    text = FENCED.sub("", read("tutorial.md")).replace("Words in **bold** are", "")
    steps = re.findall(r"<!-- browser -->\n(1\. .*?)<!-- /browser -->", text, re.DOTALL)
    bold = re.compile(r"\*\*(.+?)\*\*")

    assert len(steps) > 4
    assert sum(len(bold.findall(step)) for step in steps) == len(bold.findall(text)) > 30
