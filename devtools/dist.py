"""The sdist and the wheel: built, checked, and installed where nothing else is.

`python -m devtools.dist [--python 3.12 ...]`. Each Python that the machine has installs both into environments of their
own; there a small site is checked and migrated, and whatever is no code is looked for. The sdist's tests run from where
it was unpacked.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from devtools.processes import ROOT, Stop, must, say

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
DIST = ROOT / "dist"
# Each a file that an installation without it would miss only later.
NEEDED = (
    "py.typed",
    "locale/de/LC_MESSAGES/django.mo",
    "templates/admin/django_bigin/connection/page.html",
    "static/django_bigin",
    "migrations/0001_initial.py",
)
SETTINGS = """
from cryptography.fernet import Fernet
SECRET_KEY = "only for this check"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django_bigin"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "site.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
BIGIN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
"""
LOOK = """
import sys, pathlib, django_bigin
home = pathlib.Path(django_bigin.__file__).parent
assert "site-packages" in str(home), home
missing = [name for name in sys.argv[1:] if not (home / name).exists()]
assert not missing, missing
print(django_bigin.__version__, "on Python", sys.version.split()[0])
"""
LINK = re.compile(r"\]\((?!https?://|#|mailto:)[^)]*\)")


def main() -> None:
    """Build, check and install; stop at the first thing that is wrong."""
    parser = argparse.ArgumentParser(prog="dev.py dist", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--python", action="append", choices=PYTHONS, help="install on this one alone; repeatable")
    parser.add_argument("--no-tests", action="store_true", help="do not run the sdist's own tests")
    options = parser.parse_args()
    sdist, wheel = build()
    must([sys.executable, "-m", "twine", "check", "--strict", sdist, wheel])
    if dead := relative_links(long_description(sdist)):
        raise Stop(f"The long description holds links that lead nowhere on an index page: {', '.join(dead)}")
    done = []
    for version in options.python or PYTHONS:
        python = find_python(version)
        if python is None:
            say(f"there is no Python {version} here: not installed on it")
            continue
        for artifact in (wheel, sdist):
            install(python, artifact)
        done.append(version)
    if not done:
        raise Stop(f"None of Python {', '.join(options.python or PYTHONS)} is here.")
    say(f"sdist and wheel install on Python {', '.join(done)}")
    if not options.no_tests:
        run_tests_of(sdist)


def build() -> tuple[Path, Path]:
    """Build both into dist/, the wheel from the sdist, as an index's users get it."""
    shutil.rmtree(DIST, ignore_errors=True)
    must([sys.executable, "-m", "build", "--outdir", DIST, ROOT])
    [sdist], [wheel] = DIST.glob("*.tar.gz"), DIST.glob("*.whl")
    return sdist, wheel


def long_description(sdist: Path) -> str:
    """Read what an index page would show."""
    with tarfile.open(sdist) as archive:
        [name] = [name for name in archive.getnames() if name.count("/") == 1 and name.endswith("/PKG-INFO")]
        file = archive.extractfile(name)
        assert file is not None
        return file.read().decode().partition("\n\n")[2]


def relative_links(text: str) -> list[str]:
    """Return the links of a Markdown text that lead to a file beside it."""
    return LINK.findall(text)


def find_python(version: str) -> str | None:
    """Return a Python of this version that runs: from the path, or from pyenv, whose shims may not run."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates: Iterable[str] = (
        f"python{version}",
        *map(str, sorted(pyenv.glob(f"{version}.*/bin/python"), reverse=True)),
    )
    return next((each for each in candidates if identity(each) == version), None)


def identity(python: str) -> str:
    """Ask a Python for its version; "" where it does not run."""
    code = "import sys; print('{}.{}'.format(*sys.version_info))"
    try:
        return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def install(python: str, artifact: Path) -> None:
    """Install an artifact into an empty environment, and use it there as a site would."""
    with tempfile.TemporaryDirectory(prefix="bigin-dist-") as folder:
        site = Path(folder) / "site"
        site.mkdir()
        (site / "site_settings.py").write_text(SETTINGS)
        environment = Path(folder) / "venv"
        must([python, "-m", "venv", environment])
        inside = environment / "bin" / "python"
        use(inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(artifact), at=site)
        use(inside, "-c", LOOK, *NEEDED, at=site)
        for command in (["check"], ["migrate", "--verbosity", "0"], ["check", "--database", "default"]):
            use(inside, "-m", "django", *command, "--settings", "site_settings", at=site)


def use(python: Path, *arguments: str, at: Path) -> None:
    """Run an installed Python in a folder, without this checkout on its path."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "DATABASE_URL")}
    done = subprocess.run([python, *arguments], cwd=at, env={**environment, "PYTHONPATH": str(at)}, check=False)
    if done.returncode:
        raise Stop(f"Installed, this failed: {' '.join(arguments[:3])}")


def run_tests_of(sdist: Path) -> None:
    """Run the unit tests that the sdist brings, on the code that it brings."""
    with tempfile.TemporaryDirectory(prefix="bigin-sdist-") as folder:
        with tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
        [unpacked] = Path(folder).iterdir()
        environment = {**os.environ, "PYTHONPATH": str(unpacked)}
        environment.pop("DATABASE_URL", None)
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "tests/unit", "--ignore=tests/unit/sandbox"]
        if subprocess.run(command, cwd=unpacked, env=environment, check=False).returncode:
            raise Stop("The sdist's own tests fail.")


if __name__ == "__main__":
    try:
        main()
    except Stop as stop:
        sys.exit(f"dev.py: {stop}")
