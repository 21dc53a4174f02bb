"""The layers hold: imports point down, and each thing that only one place may know is known there alone."""

from __future__ import annotations

import pytest

from tests.support.structure import PACKAGE, Source, Structure

# Lowest first; what stands in one line may not import each other, but within a package its own modules may.
LAYERS = (
    ("exceptions", "text"),
    ("encryption",),
    ("api",),
    ("conf", "clock"),
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
SAME_FLOOR = {("clock", "conf"), ("policy", "tenants"), ("audit", "tenants"), ("installation", "audit")}
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
        ("django", ("conf", "clock", "db", "signals", "models", "tenants", "policy", "installation", "audit", "credits",
                    "connections", "sync", "work", "health", "tasks", "views", "admin", "management", "checks", "urls",
                    "apps", "testing", "migrations", "sandbox.server.mounting")),
        ("celery", ("tasks",)),
        ("kombu", ("tasks",)),
        ("requests", ("api",)),
        ("requests_oauthlib", ("api",)),
        ("oauthlib", ("api",)),
        ("cryptography", ("encryption", "sandbox")),
    ],
)  # fmt: skip
def test_a_library_is_imported_in_its_room_alone(library, rooms):
    wrong = [source.name for source in SOURCES if library in source.top_level_imports and not is_in(source, *rooms)]
    assert wrong == []
