"""The verbs of dev.py. The first line of each docstring is its line in the help."""

import argparse
import contextlib
import inspect
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from devtools import pip
from devtools.environment import HOME, PYTHON, ensure_environment, find_uv
from devtools.processes import ROOT, Stop, run, say

# Extras of pyproject.toml that the verbs need.
RUN = ("cli",)
TEST = ("cli", "postgres", "redis", "test")
DRIVERS = {"postgres": "postgres", "postgresql": "postgres", "mysql": "mysql", "redis": "redis", "rediss": "redis"}

CHROMIUM = os.environ.get("BIGIN_TEST_CHROMIUM", "/usr/bin/chromium")
DATABASES = {
    "sqlite": "",
    "postgres": os.environ.get("BIGIN_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("BIGIN_TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306/test"),
}
DOCUMENTS = (("README.md", "first use"), ("docs/tutorial.md", "tutorial"))
NO_TEST_WAS_RUN = 5  # pytest's exit code
HELP = ("-h", "--help")


def demo(arguments: list[str]) -> int:
    """Start a sandbox, connect three tenants, mirror their Bigin, and prove the mirror equal."""
    return run_module("demo", arguments)


def site(arguments: list[str]) -> int:
    """Serve the example with a login for the admin, a sandbox, workers and beat, until Ctrl-C."""
    return run_module("demo.serve", arguments)


def test(arguments: list[str]) -> int:
    """Run the suite, or its tests in Chromium."""
    parser = parser_of(test, "pytest")
    add_database(parser)
    parser.add_argument("--browser", action="store_true", help=f"only the tests that need Chromium ({CHROMIUM})")
    options, for_pytest = parse(parser, arguments)
    if options.browser and not Path(CHROMIUM).exists():
        raise Stop(f"There is no Chromium at {CHROMIUM}: on Debian and Ubuntu install the package chromium.")
    environment = environment_on(options.database)
    extras = [*TEST, *drivers(environment)]
    if options.browser:
        extras.append("browser")
        for_pytest = ["-m", "browser", *for_pytest]
    return run([ensure_environment(extras), "-m", "pytest", *for_pytest], env=environment)


def lint(arguments: list[str]) -> int:
    """Check style and likely mistakes with ruff."""
    arguments = pass_on(lint, "ruff check", arguments)
    return run([ensure_environment(["lint"]), "-m", "ruff", "check", *(arguments or ["."])])


def types(arguments: list[str]) -> int:
    """Check types with mypy --strict."""
    arguments = pass_on(types, "mypy", arguments)
    return run([ensure_environment([*TEST, "types"]), "-m", "mypy", *arguments])


def migrations(arguments: list[str]) -> int:
    """Check that migrations and models agree, for our tenant model and for a site's own, and that they run."""
    _, for_pytest = parse(parser_of(migrations, "pytest"), arguments)
    return run([ensure_environment(TEST), "-m", "pytest", "tests/integration/models/test_migrations.py", *for_pytest])


def messages(arguments: list[str]) -> int:
    """Bring the catalogues of translations up to date with the sources, and compile them."""
    parser_of(messages).parse_args(arguments)
    return run([ensure_environment(TEST), "-m", "devtools.messages"])


def readme(arguments: list[str]) -> int:
    """Run the README's first use and the tutorial word for word, each in an empty environment and folder."""
    parser = parser_of(readme)
    parser.add_argument("--keep", action="store_true", help="leave the folders behind, to look at them")
    parser.add_argument("--timeout", type=float, default=900, help="seconds until a document is stopped (900)")
    options = parser.parse_args(arguments)
    python = ensure_environment(RUN)
    wheels = HOME / "wheels"
    if status := build_wheel(wheels):
        return status
    command: list[str | Path] = [python, "-m", "devtools.readme", "--wheels", wheels]
    command += ["--timeout", str(options.timeout), *(["--keep"] if options.keep else [])]
    # The second although the first failed: one run tells everything that is wrong.
    return max([run([*command, "--document", ROOT / path, "--marker", mark]) for path, mark in DOCUMENTS])


def docs(arguments: list[str]) -> int:
    """Build the documentation into docs/_build; a warning is an error."""
    arguments = pass_on(docs, "sphinx-build", arguments)
    source, target = ROOT / "docs", ROOT / "docs" / "_build" / "html"
    python = ensure_environment(["docs"])
    return run([python, "-m", "sphinx", "-E", "-W", "--keep-going", "-b", "html", source, target, *arguments])


def dist(arguments: list[str]) -> int:
    """Build sdist and wheel into dist/, install them on every Python here, and run the sdist's own tests."""
    python = sys.executable if set(arguments) & set(HELP) else ensure_environment([*TEST, "dist"])
    with clean_build():
        return run([python, "-m", "devtools.dist", *arguments])


def proofs(arguments: list[str]) -> int:
    """Run the long proofs of the promises, and what else prints figures of theirs."""
    parser = parser_of(proofs, "pytest")
    add_database(parser)
    options, for_pytest = parse(parser, arguments)
    environment = environment_on(options.database)
    python = ensure_environment([*TEST, *drivers(environment)])
    status = run([python, "-m", "pytest", "-m", "proof or figures", "-s", *for_pytest], env=environment)
    if status == NO_TEST_WAS_RUN:
        print("There is no such proof.")
    return status


def bench(arguments: list[str]) -> int:
    """Run the benchmarks, or those named."""
    found = sorted(path.stem for path in (ROOT / "benchmarks").glob("[!_]*.py"))
    parser = parser_of(bench, "each of them")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(found)}")
    options, for_them = parse(parser, arguments)
    if unknown := set(options.names) - set(found):
        raise Stop(f"benchmarks/ has none of: {', '.join(sorted(unknown))}.")
    python = ensure_environment([*TEST, "bench", *(["mysql"] if can_compile_mysqlclient() else [])])
    return max([run([python, "-m", f"benchmarks.{name}", *for_them]) for name in options.names or found])


def tox(arguments: list[str]) -> int:
    """Run tox: the matrix of Pythons, Djangos and databases."""
    arguments = pass_on(tox, "tox", arguments)
    environment = dict(os.environ)
    settings = pip.pip_settings()
    # tox installs with uv, which does not read pip's configuration.
    for name, setting in (("UV_DEFAULT_INDEX", "index-url"), ("SSL_CERT_FILE", "cert")):
        if value := settings.get(setting):
            environment.setdefault(name, value)
    return run([ensure_environment(["tox"]), "-m", "tox", *arguments], env=environment)


def show_help(arguments: Sequence[str] = ()) -> int:
    """List the verbs."""
    print("Usage: python3 dev.py VERB [arguments]; `python3 dev.py VERB --help` says more\n")
    for name, verb in VERBS.items():
        print(f"  {name:11} {summary(verb)}")
    print("\nThe environment is in .dev/; delete that folder to begin anew.")
    return 0


VERBS: dict[str, Callable[[list[str]], int]] = {
    "demo": demo,
    "site": site,
    "test": test,
    "lint": lint,
    "types": types,
    "migrations": migrations,
    "messages": messages,
    "readme": readme,
    "docs": docs,
    "dist": dist,
    "proofs": proofs,
    "bench": bench,
    "tox": tox,
    "help": show_help,
}


# Arguments


def summary(verb: Callable[..., object]) -> str:
    """Return the first line of a verb's docstring."""
    return (inspect.getdoc(verb) or "").partition("\n")[0]


def parser_of(verb: Callable[..., object], tool: str = "") -> argparse.ArgumentParser:
    """Make the parser of a verb that passes arguments on to a tool."""
    more = f"Other arguments, and all after `--`, go to {tool}." if tool else None
    return argparse.ArgumentParser(
        prog=f"dev.py {verb.__name__}", description=summary(verb), epilog=more, allow_abbrev=False
    )


def parse(parser: argparse.ArgumentParser, arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Read a verb's own options, and return them with the arguments that go to its tool."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    options, others = parser.parse_known_args(arguments[:at])
    return options, others + arguments[at + 1 :]


def add_database(parser: argparse.ArgumentParser) -> None:
    """Let a verb be told which database its tests use."""
    parser.add_argument("--database", choices=sorted(DATABASES), help="DATABASE_URL by default, or SQLite")


def environment_on(database: str | None) -> dict[str, str]:
    """Return the environment of tests on a database; None: on the one that it names."""
    environment = dict(os.environ)
    if database == "sqlite":
        environment.pop("DATABASE_URL", None)
    elif database:
        environment["DATABASE_URL"] = DATABASES[database]
    return environment


def pass_on(verb: Callable[..., object], tool: str, arguments: list[str]) -> list[str]:
    """Return the arguments for a verb's tool as they are; exit with our help where they begin with a call for it."""
    if arguments[:1] in ([name] for name in HELP):
        parser = parser_of(verb)
        parser.usage = f"dev.py {verb.__name__} [-h] [arguments of {tool}]"
        parser.print_help()
        raise SystemExit(0)
    return arguments


def run_module(module: str, arguments: list[str]) -> int:
    """Run a module of this checkout where the user stands, so that a relative path means what they think."""
    # The standard library is enough for its help.
    wants_help = any(argument in HELP for argument in arguments)
    python = sys.executable if wants_help else ensure_environment([*RUN, *drivers(os.environ)])
    # -P: a module of that name in the user's folder is not meant.
    return run([python, "-P", "-m", module, *arguments], cwd=Path.cwd())


# What a verb needs


def drivers(environment: Mapping[str, str]) -> list[str]:
    """List the extras for the database and the broker that the environment names."""
    schemes = [environment.get(name, "").partition(":")[0] for name in ("DATABASE_URL", "CELERY_BROKER_URL")]
    return [DRIVERS[scheme] for scheme in schemes if scheme in DRIVERS]


def can_compile_mysqlclient() -> bool:
    """Tell whether its headers are there; a benchmark goes on without MariaDB where they are not."""
    if not shutil.which("pkg-config"):
        return False
    packages = ("mysqlclient", "libmariadb", "mariadb")
    return any(subprocess.call(["pkg-config", "--exists", package]) == 0 for package in packages)


def build_wheel(folder: Path) -> int:
    """Build the wheel of this checkout into an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    say("building the wheel of this checkout")
    command: list[str | Path]
    if uv := find_uv():
        command = [uv, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT]
    else:
        command = [PYTHON, "-m", "pip", "wheel", "--quiet", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT]
    with clean_build():
        return run(command)


@contextlib.contextmanager
def clean_build() -> Iterator[None]:
    """Remove setuptools' build/ before and after: a file deleted from the package would live on in the wheel."""
    build = ROOT / "build"
    shutil.rmtree(build, ignore_errors=True)
    try:
        yield
    finally:
        shutil.rmtree(build, ignore_errors=True)
