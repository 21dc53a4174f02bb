"""The structure of the package, read from its source: `python -m tests.support.structure [folder]` prints its figures.

Nothing is imported, so that the figures of any commit can be compared.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "django_bigin"
# A docstring that begins so is a noun clause, which has to be read twice.
NOUN_CLAUSE = re.compile(r"(What|Whether|How|Where|Who|Whoever|Whose|When)\b")
# A product is named by its name, its scopes, its paths, and its modules and fields in the product's spelling.
PRODUCT_NAMES = re.compile(
    r"\bBigin\b|ZohoBigin|/bigin/v\d|^(Contacts|Accounts|Pipelines|Deals|Notes|Users|Associated_Products)$"
    r"|^(Modified_Time|Created_Time|deleted_time)$"
)
LEASE_COLUMN = re.compile(r"(^|_)(lease|queued)_until$")


@dataclass(frozen=True)
class Function:
    """One function or method, with its length in lines."""

    place: str
    lines: int


@dataclass
class Source:
    """One file of the package.

    Attributes:
        name: dotted name of the module.
        imports: dotted names of modules of the package that it imports, those for type checking included.
    """

    name: str
    path: Path
    text: str
    tree: ast.Module
    is_package: bool
    imports: set[str] = field(default_factory=set)

    @property
    def lines(self) -> int:
        return self.text.count("\n")

    @cached_property
    def docstrings(self) -> list[str]:
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        found = (ast.get_docstring(node) for node in ast.walk(self.tree) if isinstance(node, kinds))
        return [text for text in found if text]

    @cached_property
    def texts(self) -> list[tuple[int, str]]:
        """Every text that is no docstring and no annotation, with its line."""
        left_out: set[int] = set()
        for node in ast.walk(self.tree):
            body = getattr(node, "body", None)
            for statement in body if isinstance(body, list) else []:
                # A docstring, and the text below an attribute that explains it.
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                    left_out.add(id(statement.value))
        return [
            (node.lineno, node.value)
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in left_out
        ]

    @property
    def functions(self) -> Iterator[Function]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield Function(f"{self.name}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)

    @property
    def classes(self) -> Iterator[tuple[str, int]]:
        """Each class and how many methods it has."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef):
                methods = [each for each in node.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
                yield f"{self.name}:{node.name}", len(methods)

    @property
    def top_level_imports(self) -> set[str]:
        """First names of everything that it imports from outside the package."""
        names = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names.add(node.module.split(".")[0])
        return names - {PACKAGE}

    @property
    def product_names(self) -> list[str]:
        """The places where it names a product."""
        texts = [f"{line}: {text.strip()[:60]!r}" for line, text in self.texts if PRODUCT_NAMES.search(text)]
        names = [
            f"{node.lineno}: {node.id}"
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Name) and node.id == "BIGIN"
        ]
        return texts + names

    @property
    def lease_claims(self) -> list[int]:
        """The lines of calls that set a lease or a reservation, other than to nothing."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
                for keyword in node.keywords:
                    sets = not (isinstance(keyword.value, ast.Constant) and keyword.value.value is None)
                    if keyword.arg and LEASE_COLUMN.search(keyword.arg) and sets:
                        found.append(node.lineno)
        return found


class Structure:
    """All files of the package below a checkout."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.sources: dict[str, Source] = {}
        for path in sorted((root / PACKAGE).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            is_package = parts[-1] == "__init__"
            name = ".".join(parts[:-1] if is_package else parts)
            text = path.read_text()
            self.sources[name] = Source(name, path, text, ast.parse(text), is_package)
        for source in self.sources.values():
            source.imports = set(self._imports(source)) - {source.name}

    def outside_sandbox(self) -> list[Source]:
        """The files that are neither the sandbox's nor a migration."""
        return [
            source
            for name, source in self.sources.items()
            if not name.startswith((f"{PACKAGE}.sandbox", f"{PACKAGE}.migrations"))
        ]

    def above_api(self) -> list[Source]:
        """The files that may name no product: all but `api/`, the app's own name, the sandbox and the kit for tests."""
        kept_out = tuple(f"{PACKAGE}.{name}" for name in ("api", "apps", "sandbox", "testing", "migrations"))
        return [source for name, source in self.sources.items() if not name.startswith(kept_out)]

    def cycles(self) -> list[list[str]]:
        """Every circle of imports, as the modules in it."""
        return [sorted(group) for group in _strongly_connected({n: s.imports for n, s in self.sources.items()})]

    def _imports(self, source: Source) -> Iterator[str]:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ImportFrom):
                base = self._base(source, node)
                if base is None:
                    continue
                for alias in node.names:
                    module = f"{base}.{alias.name}"
                    yield module if module in self.sources else base
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    if alias.name in self.sources:
                        yield alias.name

    def _base(self, source: Source, node: ast.ImportFrom) -> str | None:
        if not node.level:
            return node.module if node.module in self.sources else None
        parts = source.name.split(".")
        parts = parts if source.is_package else parts[:-1]
        parts = parts[: len(parts) - (node.level - 1)]
        base = ".".join([*parts, *([node.module] if node.module else [])])
        return base if base in self.sources else None


def _strongly_connected(graph: dict[str, set[str]]) -> list[set[str]]:
    """Groups of more than one module each of which reaches all the others."""
    reach: dict[str, set[str]] = {}
    for start in graph:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for target in graph.get(waiting.pop(), ()):
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        reach[start] = seen
    circular = [name for name in graph if name in reach[name]]
    groups = {frozenset(other for other in reach[name] if name in reach.get(other, ())) for name in circular}
    return [set(group) for group in groups]


def private_patches(root: Path) -> list[str]:
    """The places where a test patches a private function."""
    found = []
    patch = re.compile(r"""(setattr|patch(\.object)?)\([^)\n]*["'](?:[\w.]+\.)?_[a-z]\w*["']""")
    for path in sorted((root / "tests").rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if patch.search(line):
                found.append(f"{path.relative_to(root)}:{number}: {line.strip()}")
    return found


def figures(root: Path) -> list[tuple[str, str]]:
    """The figures of a checkout, each with its name."""
    structure = Structure(root)
    ours = structure.outside_sandbox()
    functions = [function for source in structure.sources.values() for function in source.functions]
    docstrings = [text for source in structure.sources.values() for text in source.docstrings]
    clauses = [text for text in docstrings if NOUN_CLAUSE.match(text)]
    largest = max(ours, key=lambda source: source.lines)
    largest_class = max((each for source in structure.sources.values() for each in source.classes), key=lambda c: c[1])
    above = structure.above_api()
    claims = [s for s in structure.sources.values() if s.lease_claims and not s.name.startswith(f"{PACKAGE}.db")]
    flat = [s for s in ours if s.name.count(".") == 1 and not s.is_package]
    return [
        ("files and lines, outside the sandbox", f"{len(ours)}, {sum(source.lines for source in ours):,}"),
        ("files and lines, the sandbox included", f"{len(structure.sources)}, "
         f"{sum(source.lines for source in structure.sources.values()):,}"),
        ("modules flat at the top level", str(len(flat))),
        ("largest file outside the sandbox", f"{largest.path.relative_to(root)}, {largest.lines} lines"),
        ("largest class", f"{largest_class[0]}, {largest_class[1]} methods"),
        ("functions over 40 lines", str(sum(function.lines > 40 for function in functions))),
        ("import cycles", str(len(structure.cycles()))),
        ("files above api/ that name a product", str(sum(bool(source.product_names) for source in above))),
        ("files that claim a lease outside db/", str(len(claims))),
        ("docstrings that begin with What, Whether, How ...", f"{len(clauses)} of {len(docstrings)}, "
         f"{100 * len(clauses) / len(docstrings):.1f} %"),
        ("patches of private functions in tests", str(len(private_patches(root)))),
    ]  # fmt: skip


if __name__ == "__main__":
    for name, value in figures(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT):
        print(f"{name:52} {value}")
