"""The catalogues of translations: the msgids in the sources, the words that should be some, and a catalogue's files.

Everything is read by the standard library, Django's own template lexer and babel; GNU gettext is not needed.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from devtools.processes import ROOT

PACKAGE = ROOT / "django_bigin"
LOCALE = PACKAGE / "locale"

# The functions that mark, and the meaning of the strings that they take first.
MARKS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), ("msgid",)),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), ("msgid", "plural")),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ("context", "msgid")),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ("context", "msgid", "plural")),
}
# What stays English, because developers, scripts and searches read it: see docs/translations.md.
ENGLISH = ("sandbox", "testing", "migrations", "management", "checks.py", "conf.py", "encryption/__main__.py",
           "health/lines.py", "health/metrics.py")  # fmt: skip
DEVELOPERS_ERRORS = ("ValueError", "TypeError", "TimeoutError", "ImproperlyConfigured", "RuntimeError")

# Where people read a word although it stands alone.
SHOWN_AS = frozenset(
    {"description", "empty_label", "help_text", "hint", "label", "search_help_text", "short_description", "title",
     "verbose_name", "verbose_name_plural"}
)  # fmt: skip
NAME_WHAT_THEY_TELL = frozenset({"Finding", "QueueFault", "SiteFault"})  # with their first argument
ATTRIBUTES_SHOWN = ("alt", "aria-label", "placeholder", "title", "value")
FILTERS_SHOWN = ("default", "default_if_none", "yesno")

_PROSE = re.compile(r"[A-Za-z][a-z']* [a-z']+")
_LABEL = re.compile(r"[A-Z][a-z']+(-[a-z]+)*\.?")
# Where a capital stands for a label; elsewhere it is the name of a field, a header, a class.
LABELS_IN = ("admin", "health", "models", "views")
_TAG = re.compile(r"<[^>]*>|&\w+;")
_WORD = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True)
class Message:
    """One entry of a catalogue, as a source asks for it."""

    msgid: str
    plural: str = ""
    context: str = ""


@dataclass(frozen=True)
class Found:
    """Something at a place of a source."""

    path: Path
    line: int
    what: Any

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def python_files() -> list[Path]:
    """Return the package's modules, apart from the sandbox, which is a program of its own."""
    paths = {path: path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")}
    return sorted(path for path, name in paths.items() if name.parts[0] != "sandbox" and name != Path("translation.py"))


def template_files() -> list[Path]:
    """Return the package's templates."""
    return sorted((PACKAGE / "templates").rglob("*.html"))


def find_messages() -> list[Found]:
    """Return every marked message of the package."""
    found = [message for path in python_files() for message in Module(path).messages()]
    return found + [message for path in template_files() for message in Page(path).messages()]


def find_unmarked() -> list[Found]:
    """Return every text that people read and that is not marked."""
    names = {path: path.relative_to(PACKAGE) for path in python_files()}
    shown = {path: name.parts[0] in LABELS_IN for path, name in names.items() if not str(name).startswith(ENGLISH)}
    found = [text for path, label in shown.items() for text in Module(path).unmarked(label=label)]
    return found + [text for path in template_files() for text in Page(path).unmarked()]


class Module:
    """A Python source."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text())

    def messages(self) -> Iterator[Found]:
        """Give the marked messages; a mark around anything but a literal is an error."""
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Call) or (kinds := MARKS.get(_name(node.func))) is None:
                continue
            literals = [each.value for each in node.args[: len(kinds)] if isinstance(each, ast.Constant)]
            texts = [text for text in literals if isinstance(text, str)]
            if len(texts) != len(kinds):
                raise ValueError(f"{self.path}:{node.lineno}: {_name(node.func)}() takes literals alone")
            yield Found(self.path, node.lineno, Message(**dict(zip(kinds, texts, strict=True))))

    def unmarked(self, *, label: bool) -> Iterator[Found]:
        """Give the texts that look like words for people and stand in no mark.

        Args:
            label: a single word with a capital is one too.
        """
        for node in ast.walk(self.tree):
            names = (
                [node.arg] if isinstance(node, ast.keyword) else [_name(each) for each in getattr(node, "targets", ())]
            )
            if isinstance(node, ast.keyword | ast.Assign) and SHOWN_AS.intersection(names):
                yield from self._shown(node.value)
            if isinstance(node, ast.Call) and node.args and _name(node.func) in NAME_WHAT_THEY_TELL:
                yield from self._shown(node.args[0])
        for node in self._texts(self.tree):
            text = _text_of(node)
            if (label and _LABEL.fullmatch(text)) or _PROSE.search(_TAG.sub("", text)):
                yield Found(self.path, node.lineno, text)

    def _shown(self, node: ast.expr) -> Iterator[Found]:
        if isinstance(node, ast.Constant | ast.JoinedStr) and _WORD.search(text := _text_of(node)):
            yield Found(self.path, node.lineno, text)

    def _texts(self, node: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
        """Give the texts below a node that a person may come to see."""
        if isinstance(node, ast.Constant | ast.JoinedStr):
            if isinstance(node, ast.JoinedStr) or isinstance(node.value, str):
                yield node
            return
        if _is_for_developers(node):
            return
        for name, child in ast.iter_fields(node):
            if name in ("annotation", "returns", "slice"):
                continue
            for each in child if isinstance(child, list) else [child]:
                if isinstance(each, ast.AST):
                    yield from self._texts(each)


def _is_for_developers(node: ast.AST) -> bool:
    """Tell whether no text below a node is for the people who use a site, or those are marked."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)  # a docstring
    if isinstance(node, ast.Assign):  # __all__, __slots__
        return any(_name(target).startswith("__") for target in node.targets)
    if not isinstance(node, ast.Call):
        return False
    name = _name(node.func)
    logs = isinstance(node.func, ast.Attribute) and _name(node.func.value) == "logger"
    return name in MARKS or name in DEVELOPERS_ERRORS or logs


def _name(node: ast.AST) -> str:
    return str(getattr(node, "id", "") or getattr(node, "attr", ""))


def _text_of(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node.value, str) else ""


class Page:
    """A template."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @cached_property
    def nodes(self) -> list[Any]:
        from django.template import Engine
        from django.template.base import Node

        tags = {name: f"django.templatetags.{name}" for name in ("i18n", "l10n", "static")}
        engine = Engine(libraries={**tags, "admin_urls": "django.contrib.admin.templatetags.admin_urls"})
        return list(engine.from_string(self.path.read_text()).nodelist.get_nodes_by_type(Node))

    def messages(self) -> Iterator[Found]:
        """Give the marked messages."""
        from django.templatetags.i18n import BlockTranslateNode, TranslateNode
        from django.utils.functional import Promise
        from django.utils.translation import override

        for node in self.nodes:
            if isinstance(node, TranslateNode):
                context = node.message_context.var.literal if node.message_context else ""
                yield self._found(node, Message(node.filter_expression.var.literal, context=context))
            elif isinstance(node, BlockTranslateNode):
                plural = node.render_token_list(node.plural)[0] if node.plural else ""
                yield self._found(node, Message(node.render_token_list(node.singular)[0], plural))
            for _, argument in self._arguments(node):
                if isinstance(argument, Promise):
                    with override(None):
                        yield self._found(node, Message(str(argument)))

    def unmarked(self) -> Iterator[Found]:
        """Give the words outside of marks, in the text, in attributes and in the arguments of filters."""
        for node in self.nodes:
            for name, argument in self._arguments(node):
                if name == "pluralize" or (name in FILTERS_SHOWN and isinstance(argument, str)):
                    yield self._found(node, f"{name}:{argument}")
        for line, text in shown_texts(self._outside_of_tags()):
            if _WORD.search(text) and text != "Bigin":
                yield Found(self.path, line, text)

    def _found(self, node: Any, what: Any) -> Found:
        return Found(self.path, node.token.lineno, what)

    def _arguments(self, node: Any) -> Iterator[tuple[str, Any]]:
        expression = getattr(node, "filter_expression", None)
        for function, arguments in getattr(expression, "filters", ()):
            name = getattr(function, "_filter_name", "")
            yield from ((name, value) for is_lookup, value in arguments or [(False, "")] if not is_lookup)

    def _outside_of_tags(self) -> str:
        """Return the HTML with a space for each tag and variable, and nothing of what is marked."""
        from django.template.base import Lexer, TokenType

        kept, marked = [], False
        for token in Lexer(self.path.read_text()).tokenize():
            if token.token_type == TokenType.BLOCK and token.split_contents()[0] in ("blocktranslate", "blocktrans"):
                marked = True
            elif token.token_type == TokenType.BLOCK and token.contents.startswith("endblocktrans"):
                marked = False
            is_text = token.token_type == TokenType.TEXT and not marked
            kept.append(token.contents if is_text else " ")
        return "".join(kept)


def shown_texts(html: str) -> list[tuple[int, str]]:
    """Return what a person reads of a page, with its lines: its text, and the attributes that browsers show."""
    reader = _Reader()
    reader.feed(html)
    return reader.found


class _Reader(HTMLParser):
    """Collects what a person reads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, str]] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style")
        given = dict(attrs)
        shows_value = tag == "input" and given.get("type") in ("submit", "button")
        shown = [name for name in ATTRIBUTES_SHOWN if name != "value" or shows_value]
        for name in shown:
            self._note(given.get(name) or "")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._note(data)

    def _note(self, text: str) -> None:
        if text.strip():
            self.found.append((self.getpos()[0], text.strip()))


def parts_of(msgid: str) -> set[str]:
    """Return the names of a template's parts."""
    return set(re.findall(r"%\((\w+)\)s", msgid))


# The files of a catalogue


def catalogues() -> list[Path]:
    """Return the catalogues as text."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))


def read_catalogue(path: Path) -> Any:
    """Read a catalogue."""
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        return read_po(file, locale=path.parts[-3], abort_invalid=True)


def update(path: Path, messages: Iterable[Found]) -> None:
    """Bring a catalogue up to date with the sources, and compile it; what is new waits for a translation."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import write_po

    template = Catalog()
    for found in messages:
        message = found.what
        identity = (message.msgid, message.plural) if message.plural else message.msgid
        place = (found.path.relative_to(PACKAGE).as_posix(), 1)
        template.add(identity, context=message.context or None, locations=[place])
    catalogue = read_catalogue(path)
    catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False, update_creation_date=False)
    with path.open("wb") as file:
        write_po(file, catalogue, width=110, include_lineno=False, sort_output=True, ignore_obsolete=True)
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)


def main() -> int:
    """Bring every catalogue up to date; 1 where something waits for a translation."""
    import django
    from django.conf import settings

    settings.configure()
    django.setup()
    waiting = 0
    for path in catalogues():
        update(path, find_messages())
        entries = [entry for entry in read_catalogue(path) if entry.id]
        empty = [entry for entry in entries if not all(_strings(entry))]
        print(f"{path.relative_to(ROOT)}: {len(entries)} messages, {len(empty)} to be translated")
        waiting += len(empty)
    return 1 if waiting else 0


def _strings(entry: Any) -> list[str]:
    return list(entry.string) if isinstance(entry.string, list | tuple) else [entry.string]


if __name__ == "__main__":
    sys.exit(main())
