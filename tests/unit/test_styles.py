"""Style sheets of the admin's pages, which have to hold under any theme of the admin."""

import re
from pathlib import Path

import django_bigin

PACKAGE = Path(django_bigin.__file__).parent
STYLED = [*PACKAGE.glob("static/**/*.css"), *PACKAGE.glob("templates/**/*.html")]


def test_every_variable_of_a_theme_has_a_fallback():
    """Without one the declaration is void where a theme lacks the variable: white on white, for one."""
    used = {(path.name, call) for path in STYLED for call in re.findall(r"var\([^()]*\)", path.read_text())}

    assert used, "no style sheet was found"
    assert {(name, call) for name, call in used if not re.fullmatch(r"var\(--[\w-]+, [^,()]+\)", call)} == set()
