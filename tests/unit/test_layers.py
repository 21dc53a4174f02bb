"""The layers hold: imports point down, and each thing that only one place may know is known there alone."""

from __future__ import annotations

import pytest

from tests.support.structure import NOUN_CLAUSE, PACKAGE, ROOT, Source, Structure, figures, private_patches

# Lowest first; what stands in one line may not import each other, but within a package its own modules may.
LAYERS = (
    ("exceptions", "text"),
    ("encryption",),
    ("api",),
    ("conf", "clock", "translation"),
    ("db",),
    ("signals", "models"),
    ("tenants", "policy", "installation", "audit"),
    ("credits",),
    ("connections",),
    ("sync",),
    ("work",),
    ("health",),
    ("tasks",),
    ("views", "admin", "management", "checks"),
    ("urls", "apps"),
    ("testing",),
)
HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names}
# Within one layer these may import the one named: each is a step of half a floor.
SAME_FLOOR = {
    ("exceptions", "text"),
    ("clock", "conf"),
    ("policy", "tenants"),
    ("audit", "tenants"),
    ("installation", "audit"),
    ("admin", "views"),
}
# The only doors to the sandbox.
OPENS_SANDBOX = ("testing", "management.commands.bigin_sandbox")

STRUCTURE = Structure()
SOURCES = [source for name, source in STRUCTURE.sources.items() if name != PACKAGE]


def room(name: str) -> str:
    """The part of the package that a module is in: "sync" for "django_bigin.sync.plan"."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


def is_in(source: Source, *rooms: str) -> bool:
    return source.name.removeprefix(f"{PACKAGE}.").startswith(rooms)


def test_every_room_has_a_floor():
    rooms = {room(source.name) for source in SOURCES} - {"sandbox", "migrations"}
    assert rooms == set(HEIGHT)


def test_imports_point_down():
    climbs = []
    for source in SOURCES:
        here = room(source.name)
        if here in ("sandbox", "migrations"):
            continue
        for target in source.imports:
            there = room(target)
            if there in ("", "sandbox") or there == here:
                continue
            if HEIGHT[there] >= HEIGHT[here] and (here, there) not in SAME_FLOOR:
                climbs.append(f"{source.name} -> {target}")
    assert climbs == []


def test_no_import_runs_in_a_circle():
    assert STRUCTURE.cycles() == []


def test_the_sandbox_imports_nothing_of_the_package_and_only_its_doors_import_it():
    for source in SOURCES:
        inside = room(source.name) == "sandbox"
        for target in source.imports:
            if inside:
                assert room(target) in ("sandbox", ""), source.name
            elif room(target) == "sandbox":
                assert is_in(source, *OPENS_SANDBOX), source.name


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("django", ("conf", "clock", "db", "translation", "signals",
                    "models", "tenants", "policy", "installation", "audit", "credits",
                    "connections", "sync", "work", "health", "tasks", "views", "admin", "management", "checks", "urls",
                    "apps", "testing", "migrations", "sandbox.server.mounting")),
        ("celery", ("tasks",)),
        ("kombu", ("tasks", "testing.folder_broker")),
        ("requests", ("api",)),
        ("requests_oauthlib", ("api",)),
        ("oauthlib", ("api",)),
        ("cryptography", ("encryption", "sandbox")),
        ("prometheus_client", ("health.metrics",)),
    ],
)  # fmt: skip
def test_a_library_is_imported_in_its_room_alone(library, rooms):
    wrong = [source.name for source in SOURCES if library in source.top_level_imports and not is_in(source, *rooms)]
    assert wrong == []


def test_no_file_above_api_names_a_product():
    named = {source.name: source.product_names for source in STRUCTURE.above_api() if source.product_names}
    print(f"{len(named)} files above api/ name a product")
    assert named == {}


def test_leases_are_claimed_in_db_alone():
    claims = {source.name: source.lease_claims for source in SOURCES if source.lease_claims and not is_in(source, "db")}
    assert claims == {}


def test_a_file_has_at_most_400_lines():
    assert {s.name: s.lines for s in STRUCTURE.outside_sandbox() if s.lines > 400} == {}


def test_a_class_has_at_most_15_methods():
    assert [(name, count) for source in SOURCES for name, count in source.classes if count > 15] == []


def test_a_function_has_at_most_40_lines():
    assert [function for source in SOURCES for function in source.functions if function.lines > 40] == []


def test_docstrings_say_what_a_thing_does():
    docstrings = [text for source in SOURCES for text in source.docstrings]
    clauses = [text.splitlines()[0] for text in docstrings if NOUN_CLAUSE.match(text)]
    assert len(clauses) < 0.03 * len(docstrings), clauses


def test_no_test_patches_a_private_function():
    assert private_patches(ROOT) == []


def test_the_figures_can_be_printed():
    assert dict(figures(ROOT))["import cycles"] == "0"
