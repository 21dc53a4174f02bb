"""The catalogues of translations are complete, and nothing that people read is left out of them.

GNU gettext is not needed: the msgids are read from the sources, the catalogues by babel.
"""

import ast
import gettext
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from devtools import messages
from devtools.messages import PACKAGE, Found, Message
from django_bigin.admin.connections import OUTCOMES
from django_bigin.models import AuthorizationAttempt
from django_bigin.models.audit import ACTS
from tests.support.structure import ROOT

# Texts that look like words and that nobody reads in a page or a mail, each with the reason.
NOT_SHOWN = {
    "a trial": "the purpose of a secret that is sealed on trial, and never stored",
    "Bigin": "a name",
    "secret unreadable": "an act of the audit, shown through `ACTS`",
    "The database failed": "the beginning of a marked sentence, to be compared with",
    "No space left": "what a driver says",
    **dict.fromkeys(
        (
            "database is locked",
            "table is locked",
            "too many SQL variables",
            "string or blob too big",
            "disk is full",
            "closed the connection",
            "connection is closed",
            "connection already closed",
        ),
        "what a driver says",
    ),
    "python -m django_bigin.encryption": "a command",
    "The answer is larger than {} bytes.": "an error of `requests`, told by `transport.network_error` in other words",
    "A row was locked for {} seconds.": "an error that is caught",
    "tell which records changed": "a part of a ValueError",
    "tell which records were deleted": "a part of a ValueError",
    "take records; it is only read": "a part of a ValueError",
    "{} of connection {}": "a part of a line of the log",
    "nested too deeply to be kept": "stands in the row as it is kept, which is data",
    "time is up": "the value of an enumeration",
    "full sync needed": "the value of an enumeration",
    "comparison needed": "the value of an enumeration",
    "bulk read needed": "the value of an enumeration",
    "waiting for a bulk read": "the value of an enumeration",
    "unreadable file": "the same",
    "no schema": "a reason beside the codes of the product, in a column that no page shows",
    # Django stores the names of permissions as they are when the tables are made, and shows those of its own so too.
    **dict.fromkeys(
        (
            "Can connect and reconnect",
            "Can refresh a token by hand",
            "Can start a sync",
            "Can pause and resume",
            "Can disconnect and revoke",
            "Can see the contents of records",
        ),
        "the name of a permission",
    ),
}
NOT_SHOWN_BEGIN = ("SET ", "SELECT current_setting", "PRAGMA ", "[{", "Raised while a request was sent.", "default:en")
# The rooms that may speak the active language; all below them speak English, for whoever stores or logs what they say.
SPEAK = ("admin", "views", "models", "health/words.py", "health/alerts.py", "translation.py")

PART = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}|</?\w+>")
CATALOGUES = messages.catalogues()
each_catalogue = pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])


def key_of(message: Message) -> tuple[str, str]:
    return message.context, message.msgid


def entries(path: Path) -> dict[tuple[str, str], Any]:
    """The entries of a catalogue by context and msgid, without its header."""
    found = {}
    for entry in messages.read_catalogue(path):
        msgid = entry.id[0] if isinstance(entry.id, tuple | list) else entry.id
        if msgid:
            found[entry.context or "", msgid] = entry
    return found


def strings(entry: Any) -> list[str]:
    return list(entry.string) if isinstance(entry.string, tuple | list) else [entry.string]


def msgids(entry: Any) -> list[str]:
    return list(entry.id) if isinstance(entry.id, tuple | list) else [entry.id]


def shown(found: Found) -> bool:
    return found.what not in NOT_SHOWN and not str(found.what).startswith(NOT_SHOWN_BEGIN)


def test_there_is_a_german_catalogue():
    assert "de" in [path.parts[-3] for path in CATALOGUES]


@each_catalogue
def test_a_catalogue_holds_what_the_sources_mark_and_nothing_else(path):
    asked = {key_of(found.what): found for found in messages.find_messages()}
    there = set(entries(path))
    assert len(asked) > 600
    assert [str(asked[key]) for key in asked.keys() - there] == [], "run dev.py messages, and translate these"
    assert there - asked.keys() == set(), "run dev.py messages"


@each_catalogue
def test_every_entry_is_translated_and_none_is_a_guess(path):
    everything = entries(path)
    assert [key for key, entry in everything.items() if not all(text.strip() for text in strings(entry))] == []
    assert [key for key, entry in everything.items() if entry.fuzzy] == []
    plural = messages.read_catalogue(path).num_plurals
    assert all(len(strings(entry)) == plural for entry in everything.values() if entry.pluralizable)


@each_catalogue
def test_a_translation_has_the_parts_and_the_tags_of_its_msgid(path):
    differing = []
    for key, entry in entries(path).items():
        # A plural may do without its number in one of its forms.
        for text, msgid in zip(strings(entry), [*msgids(entry), *msgids(entry)[-1:] * 5], strict=False):
            if sorted(set(PART.findall(text))) != sorted(set(PART.findall(msgid))) or stray(text):
                differing.append((key, text))
    assert differing == []


def stray(text: str) -> bool:
    """Tell whether a percent sign is left that belongs to no part."""
    return "%" in PART.sub("", text) and "%(" in text


@each_catalogue
def test_a_translation_ends_as_its_msgid_does(path):
    """What is joined to it follows: a space, a full stop, a colon."""
    ends = {key: (msgids(entry)[-1][-1], strings(entry)[-1][-1]) for key, entry in entries(path).items()}
    assert {key: each for key, each in ends.items() if each[0] in ".: " and each[0] != each[1]} == {}


@each_catalogue
def test_the_compiled_catalogue_is_that_of_the_text(path):
    with path.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for (context, msgid), entry in entries(path).items():
        if entry.pluralizable:
            numbers = (
                {compiled.plural(number): number for number in range(200)}
                if hasattr(compiled, "plural")
                else {0: 1, 1: 2}
            )
            said = [compiled.ngettext(*msgids(entry), numbers[form]) for form in sorted(numbers)]
        else:
            said = [compiled.pgettext(context, msgid) if context else compiled.gettext(msgid)]
        assert said == strings(entry)
    assert len(compiled._catalog) == sum(len(strings(entry)) for entry in entries(path).values()) + 1  # its header


def test_the_wheel_takes_the_catalogues():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["django_bigin"]
    packaged = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    assert {*CATALOGUES, *(path.with_suffix(".mo") for path in CATALOGUES)} <= packaged


def test_everything_that_people_read_is_marked():
    assert [str(found) for found in messages.find_unmarked() if shown(found)] == []


def test_the_list_of_what_is_not_shown_is_no_longer_than_it_must_be():
    found = {str(each.what) for each in messages.find_unmarked()}
    assert set(NOT_SHOWN) <= found


def test_the_search_finds_what_is_not_marked(tmp_path):
    module = tmp_path / "admin" / "page.py"
    module.parent.mkdir()
    module.write_text(
        '''"""A docstring with some words."""
from django.utils.translation import gettext_lazy as _
class Page:
    title = "health"
    label = _("Marked")
    name = f"the module {title} is late"
    def show(self):
        logger.warning("words in a log")
        raise ValueError("words for developers")
        return badge(Level.OFF, "Deleted")
        return description("field", help_text="Where it is.")
'''
    )
    read = messages.Module(module)
    assert [(each.line, each.what) for each in read.unmarked(label=True)] == [
        (4, "health"),
        (11, "Where it is."),
        (6, "the module {} is late"),
        (10, "Deleted"),
        (11, "Where it is."),
    ]
    assert [each.what.msgid for each in read.messages()] == ["Marked"]
    page = tmp_path / "page.html"
    page.write_text(
        """{% load i18n %}<p title="a title">{% translate "marked" %} <b>not marked</b></p>
{% blocktranslate trimmed count number=rows %}one
  row{% plural %}{{ number }} rows{% endblocktranslate %}{{ name|default:"nobody" }}{{ name|default:_("no one") }}
<input type="submit" value="Go on"><input type="hidden" value="code"><script>var name</script>{{ rows|pluralize }}"""
    )
    read = messages.Page(page)
    assert sorted(each.what for each in read.unmarked()) == [
        "Go on", "a title", "default:nobody", "not marked", "pluralize:",
    ]  # fmt: skip
    found = [each.what for each in read.messages()]
    assert found == [Message("marked"), Message("one row", "%(number)s rows"), Message("no one")]


# Where the marks stand


def sources() -> list[tuple[str, ast.Module]]:
    return [(path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text())) for path in messages.python_files()]


def test_nothing_is_translated_while_a_module_is_imported():
    """The language of the process that imported it would stay."""
    at_once = {"gettext", "ngettext", "pgettext", "npgettext", "translated", "in_english"}
    wrong = []
    for name, tree in sources():
        outside = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and not inside_function(tree, node)]
        wrong += [f"{name}:{node.lineno}" for node in outside if getattr(node.func, "id", "") in at_once]
    assert wrong == []


def inside_function(tree: ast.Module, node: ast.Call) -> bool:
    functions = (each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.Lambda))
    return any(each.lineno <= node.lineno <= (each.end_lineno or 0) for each in functions)


def test_no_mark_stands_in_an_f_string():
    """GNU gettext does not look there, and would drop the msgid."""
    f_strings = ((name, node) for name, tree in sources() for node in ast.walk(tree) if isinstance(node, ast.JoinedStr))
    inside = [(name, node) for name, string in f_strings for node in ast.walk(string) if isinstance(node, ast.Call)]
    assert [f"{name}:{node.lineno}" for name, node in inside if getattr(node.func, "id", "") in messages.MARKS] == []


def test_below_the_doors_everybody_speaks_english():
    """What is stored, logged or compared does not depend on the language that happens to be active."""
    speaking = []
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
                names = {each.name for each in node.names} - {"gettext_noop", "override", "get_language_from_path"}
                speaking += [name] if names and not name.startswith(SPEAK) else []
    assert speaking == []


def test_a_name_that_marks_is_nothing_else():
    """`row, _ = …` in a function would hide the mark there."""
    hidden = []
    for name, tree in sources():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                names = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == "_"]
                kinds = {type(node.ctx) for node in names}
                hidden += [f"{name}:{function.lineno}"] if len(kinds) > 1 else []
    assert hidden == []


def test_every_act_of_the_audit_has_its_words():
    recorded = set()
    for _name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("audit.record", "self.create"):
                first = node.args[:1] or [each.value for each in node.keywords if each.arg == "action"]
                recorded |= {text.value for each in first for text in ast.walk(each) if is_text(text)}
    assert recorded == set(ACTS)


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_every_outcome_of_an_attempt_has_its_words():
    text = (ROOT / "django_bigin/connections/authorize.py").read_text()
    assert set(re.findall(r'_finish\(attempt, "(\w+)"', text)) == set(OUTCOMES)
    assert AuthorizationAttempt._meta.get_field("outcome").choices is None
