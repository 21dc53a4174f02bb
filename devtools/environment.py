"""The environment in .dev/: made when it is missing, and reused until pyproject.toml or the Python changes."""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from devtools import pip
from devtools.processes import ROOT, Stop, must, say

HOME = ROOT / ".dev"
VENV = HOME / "venv"
PYTHON = VENV / "bin" / "python"
STAMP = HOME / "stamp.json"


def ensure_environment(extras: Iterable[str]) -> Path:
    """Return the Python of an environment with the package, editable, and these extras and dependency groups.

    It is made where it is missing. What is installed already stays.
    """
    with locked():
        stamp = read_stamp()
        if stamp.get("python") != python_identity() or not PYTHON.exists():
            make_environment()
            stamp = {}
        wanted = sorted({*stamp.get("extras", []), *extras})
        if stamp.get("project") != project_identity() or wanted != stamp.get("extras"):
            install(wanted)
            write_stamp({"python": python_identity(), "project": project_identity(), "extras": wanted})
    return PYTHON


def python_identity() -> str:
    """Name the Python that runs this."""
    return f"{sys.version} at {os.path.realpath(sys.executable)}"


def project_identity() -> str:
    """Hash what an installation depends on."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "setup.py"):
        digest.update((ROOT / name).read_bytes())
    # An editable install points at this folder: a copy of it elsewhere needs its own.
    digest.update(str(ROOT).encode())
    return digest.hexdigest()


def read_stamp() -> dict[str, Any]:
    """Read what was installed last; empty where that is not known."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(stamp: dict[str, Any]) -> None:
    """Keep what was installed, whole or not at all."""
    unfinished = STAMP.with_name(STAMP.name + ".new")
    unfinished.write_text(json.dumps(stamp, indent=1))
    unfinished.replace(STAMP)


@contextlib.contextmanager
def locked() -> Iterator[None]:
    """Let two runs that start at once make one environment, not two halves of one."""
    HOME.mkdir(exist_ok=True)
    with (HOME / "lock").open("w") as file:
        try:
            import fcntl
        except ImportError:
            pass  # not a POSIX system: two runs at once are the user's to avoid
        else:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make_environment() -> None:
    """Make an environment that has pip, or that uv installs into."""
    say(f"making an environment in {os.path.relpath(VENV)} with Python {sys.version.split()[0]}")
    shutil.rmtree(VENV, ignore_errors=True)
    if uv := find_uv():
        must([uv, "venv", "--quiet", "--python", sys.executable, VENV])
        return
    try:
        import venv
    except ImportError:
        raise Stop(
            "This Python has no venv module: install the package that holds it (python3-venv or the like)."
        ) from None
    if has_ensurepip():
        try:
            venv.EnvBuilder(with_pip=True, symlinks=True).create(VENV)
            return
        except subprocess.CalledProcessError:
            shutil.rmtree(VENV, ignore_errors=True)
    # Debian and Ubuntu split ensurepip off: make the environment without pip and give it pip's own wheel.
    venv.EnvBuilder(with_pip=False, symlinks=True).create(VENV)
    say("this Python cannot install pip by itself: fetching pip's wheel from the package index")
    wheel = pip.fetch_pip(HOME)
    must([PYTHON, wheel / "pip", "install", "--quiet", "--no-index", wheel])


def has_ensurepip() -> bool:
    """Tell whether this Python brings pip."""
    try:
        import ensurepip
    except ImportError:
        return False
    return bool(ensurepip)


def install(extras: Iterable[str]) -> None:
    """Install the package, editable, with these extras and dependency groups of pyproject.toml."""
    started = time.monotonic()
    say(f"installing django-bigin with {', '.join(extras)} (a minute or two the first time)")
    target = editable_target(extras)
    if uv := find_uv():
        must([uv, "pip", "install", "--quiet", "--python", PYTHON, *target])
    else:
        # Twice quiet: errors are shown, and not a warning for every index that lacks a package.
        must([PYTHON, "-m", "pip", "install", "--quiet", "--quiet", *target])
    say(f"installed in {time.monotonic() - started:.0f} seconds")


def editable_target(names: Iterable[str]) -> list[str]:
    """Return what pip installs for these names: the package with its extras, and what the groups list.

    The groups are read here, since a Python's own pip may be too old for `--group`.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    known = project["dependency-groups"]
    groups = [name for name in names if name in known]
    extras = [name for name in names if name not in known]
    needed = [each for group in groups for each in _expanded(known, group)]
    # pip takes no empty brackets.
    return ["--editable", f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT), *needed]


def _expanded(groups: dict[str, Any], name: str) -> Iterator[str]:
    for entry in groups[name]:
        if isinstance(entry, str):
            yield entry
        else:
            yield from _expanded(groups, entry["include-group"])


def find_uv() -> str | None:
    """Find uv, unless pip is configured: uv does not read pip's configuration, which we promise to respect."""
    return None if pip.pip_settings() else shutil.which("uv")
