#!/usr/bin/env python3
"""Everything a developer runs, from a clean clone with nothing but Python and git: `python3 dev.py help`.

It makes an environment of its own in .dev/ and reuses it until pyproject.toml or the Python changes. The machine's
configuration of pip (PIP_* and pip.conf) is respected. This file stays readable for old Pythons (no annotations, no
f-strings), so that one of them can say what is wrong instead of stopping at a syntax error.
"""

from __future__ import print_function

import sys

if sys.version_info < (3, 11):
    sys.exit("django-bigin needs Python 3.11 or newer; this is Python %d.%d." % sys.version_info[:2])

import argparse
import base64
import configparser
import contextlib
import glob
import hashlib
import html
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.abspath(__file__))
HOME = os.path.join(ROOT, ".dev")
VENV = os.path.join(HOME, "venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(HOME, "stamp.json")

# Extras of pyproject.toml that each verb needs; what is there already is never removed.
RUN = ("cli",)
TEST = ("cli", "postgres", "redis", "test")
# What a server's address needs to be reached.
DRIVERS = {"postgres": "postgres", "postgresql": "postgres", "mysql": "mysql", "redis": "redis", "rediss": "redis"}
CHROMIUM = os.environ.get("BIGIN_TEST_CHROMIUM", "/usr/bin/chromium")

DATABASES = {
    "sqlite": "",
    "postgres": os.environ.get("BIGIN_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("BIGIN_TEST_MARIADB_URL", "mysql://root@127.0.0.1:3306/test"),
}


class Stop(Exception):
    """Ends the program with one sentence."""


# The verbs


def demo(rest):
    """start a sandbox, connect a tenant, mirror its Bigin and prove the mirror equal; `--data DIR` loads CSV files"""
    # Run where the user stands, so that a relative --data means what they think.
    return run([ensure_environment(RUN + drivers()), "-m", "demo"] + rest, cwd=os.getcwd())


def site(rest):
    """serve the whole example with a login for the admin: sandbox, site, workers and beat, until Ctrl-C"""
    return run([ensure_environment(RUN + drivers()), "-m", "demo.site"] + rest)


def test(rest):
    """run the suite: `--database sqlite|postgres|mariadb`, or `--browser` for those in Chromium; pytest's after `--`"""
    own, for_pytest = split(rest)
    parser = argparse.ArgumentParser(prog="dev.py test", description=test.__doc__)
    parser.add_argument("--database", choices=sorted(DATABASES), help="as DATABASE_URL says, or SQLite")
    parser.add_argument("--browser", action="store_true", help="only the tests that need Chromium (%s)" % CHROMIUM)
    options, more = parser.parse_known_args(own)
    if options.browser and not os.path.exists(CHROMIUM):
        raise Stop("There is no Chromium at %s: on Debian and Ubuntu install the package chromium." % CHROMIUM)
    environment = dict(os.environ)
    if options.database == "sqlite":
        environment.pop("DATABASE_URL", None)
    elif options.database:
        environment["DATABASE_URL"] = DATABASES[options.database]
    extras = TEST + drivers(environment)
    if options.browser:
        extras, more = extras + ("browser",), ["-m", "browser"] + more
    return run([ensure_environment(extras), "-m", "pytest"] + more + for_pytest, env=environment)


def lint(rest):
    """check style and likely mistakes with ruff"""
    return run([ensure_environment(("lint",)), "-m", "ruff", "check"] + (rest or ["."]))


def types(rest):
    """check the package's types with mypy --strict"""
    return run([ensure_environment(TEST + ("types",)), "-m", "mypy"] + rest)


def migrations(rest):
    """check that migrations and models agree, for our tenant model and for a site's own, and that they run"""
    python = ensure_environment(TEST)
    return run([python, "-m", "pytest", "tests/integration/test_migrations.py"] + split(rest)[1])


def proofs(rest):
    """run the long proofs of the promises; they print their figures"""
    status = run([ensure_environment(TEST), "-m", "pytest", "-m", "proof", "-s"] + split(rest)[1])
    if status == 5:
        print("No proof is written yet.")
        return 0
    return status


def bench(rest):
    """run the benchmarks, or those named: `dev.py bench pages -- arguments of theirs`"""
    names, for_them = split(rest)
    python = ensure_environment(TEST + ("bench",) + (("mysql",) if can_compile_mysqlclient() else ()))
    found = sorted(glob.glob(os.path.join(ROOT, "benchmarks", "*.py")))
    chosen = [path for path in found if not names or os.path.basename(path)[:-3] in names]
    chosen = [path for path in chosen if not os.path.basename(path).startswith("_")]
    if not chosen:
        raise Stop("benchmarks/ has none of: %s." % (", ".join(names) or "*.py"))
    return max([run([python, "-m", "benchmarks." + os.path.basename(path)[:-3]] + for_them) for path in chosen])


def readme(rest):
    """run the README's first use and the tutorial word for word, each in an empty environment and an empty folder"""
    python = ensure_environment(RUN)
    wheels = os.path.join(HOME, "wheels")
    shutil.rmtree(wheels, ignore_errors=True)
    say("building the wheel of this checkout")
    if uses_uv():
        build = [shutil.which("uv"), "build", "--quiet", "--wheel", "--out-dir", wheels, ROOT]
    else:
        build = [PYTHON, "-m", "pip", "wheel", "--quiet", "--quiet", "--no-deps", "--wheel-dir", wheels, ROOT]
    with building_copy():
        status = run(build)
    if status:
        return status
    command = [python, os.path.join(ROOT, "scripts", "readme_first_use.py"), "--wheels", wheels]
    documents = (("README.md", "first use"), (os.path.join("docs", "tutorial.md"), "tutorial"))
    # The second although the first failed: one run tells everything that is wrong.
    return max(
        [run(command + ["--document", os.path.join(ROOT, path), "--marker", mark] + rest) for path, mark in documents]
    )


def docs(rest):
    """build the documentation into docs/_build; a warning is an error"""
    python = ensure_environment(("docs",))
    source, target = os.path.join(ROOT, "docs"), os.path.join(ROOT, "docs", "_build", "html")
    return run([python, "-m", "sphinx", "-E", "-W", "--keep-going", "-b", "html", source, target] + rest)


def tox(rest):
    """run tox with the arguments given: the matrix of Pythons, Djangos and databases"""
    environment = dict(os.environ)
    # tox installs with uv, which does not read pip's configuration.
    for name, setting in (("UV_DEFAULT_INDEX", "index-url"), ("SSL_CERT_FILE", "cert")):
        if pip_settings().get(setting):
            environment.setdefault(name, pip_settings()[setting])
    return run([ensure_environment(("tox",)), "-m", "tox"] + rest, env=environment)


def show_help(rest):
    """list the verbs"""
    print("Usage: python3 dev.py VERB [arguments]\n")
    for name, verb in VERBS.items():
        print("  %-11s %s" % (name, verb.__doc__))
    print("\nThe environment is in .dev/; delete that folder to begin anew.")
    return 0


VERBS = {
    "demo": demo,
    "site": site,
    "test": test,
    "lint": lint,
    "types": types,
    "migrations": migrations,
    "readme": readme,
    "docs": docs,
    "proofs": proofs,
    "bench": bench,
    "tox": tox,
    "help": show_help,
}


def drivers(environment=os.environ):
    """Extras for the database and the broker that the environment names."""
    schemes = [environment.get(name, "").partition(":")[0] for name in ("DATABASE_URL", "CELERY_BROKER_URL")]
    return tuple(DRIVERS[scheme] for scheme in schemes if scheme in DRIVERS)


def can_compile_mysqlclient():
    """True where the headers are; a benchmark goes on without MariaDB where they are not."""
    if not shutil.which("pkg-config"):
        return False
    packages = ("mysqlclient", "libmariadb", "mariadb")
    return any(subprocess.call(["pkg-config", "--exists", package]) == 0 for package in packages)


# The environment


def ensure_environment(extras):
    """Give the Python of an environment with the package, editable, and these extras; make it where it is missing."""
    with locked():
        stamp = read_stamp()
        if stamp.get("python") != python_identity() or not os.path.exists(PYTHON):
            make_environment()
            stamp = {}
        wanted = sorted(set(stamp.get("extras", [])) | set(extras))
        if stamp.get("project") != project_identity() or wanted != stamp.get("extras"):
            install(wanted)
            write_stamp({"python": python_identity(), "project": project_identity(), "extras": wanted})
    return PYTHON


def python_identity():
    return "%s at %s" % (sys.version, os.path.realpath(sys.executable))


def project_identity():
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "setup.py"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    # An editable install points at this folder: a copy of it elsewhere needs its own.
    digest.update(ROOT.encode())
    return digest.hexdigest()


def read_stamp():
    try:
        with open(STAMP) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def write_stamp(stamp):
    with open(STAMP + ".new", "w") as file:
        json.dump(stamp, file, indent=1)
    os.replace(STAMP + ".new", STAMP)


@contextlib.contextmanager
def locked():
    """Let two runs that start at once make one environment, not two halves of one."""
    os.makedirs(HOME, exist_ok=True)
    with open(os.path.join(HOME, "lock"), "w") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        except ImportError:
            pass
        yield


def make_environment():
    say("making an environment in %s with Python %s" % (os.path.relpath(VENV, os.getcwd()), sys.version.split()[0]))
    shutil.rmtree(VENV, ignore_errors=True)
    if uses_uv():
        must([shutil.which("uv"), "venv", "--quiet", "--python", sys.executable, VENV])
        return
    try:
        import venv
    except ImportError:
        raise Stop("This Python has no venv module: install the package that holds it (python3-venv or the like).")
    if has_ensurepip():
        try:
            venv.EnvBuilder(with_pip=True, symlinks=True).create(VENV)
            return
        except subprocess.CalledProcessError:
            shutil.rmtree(VENV, ignore_errors=True)
    # Debian and Ubuntu split ensurepip off: make the environment without pip and give it pip's own wheel.
    venv.EnvBuilder(with_pip=False, symlinks=True).create(VENV)
    say("this Python cannot install pip by itself: fetching pip's wheel from the package index")
    wheel = fetch_pip()
    must([PYTHON, os.path.join(wheel, "pip"), "install", "--quiet", "--no-index", wheel])


def has_ensurepip():
    try:
        import ensurepip
    except ImportError:
        return False
    return bool(ensurepip)


def install(extras):
    started = time.monotonic()
    say("installing django-bigin with %s (a minute or two the first time)" % ", ".join(extras))
    target = ROOT + "[" + ",".join(extras) + "]"
    if uses_uv():
        must([shutil.which("uv"), "pip", "install", "--quiet", "--python", PYTHON, "--editable", target])
    else:
        # Twice quiet: errors are shown, and not a warning for every index that lacks a package.
        must([PYTHON, "-m", "pip", "install", "--quiet", "--quiet", "--editable", target])
    say("installed in %d seconds" % (time.monotonic() - started))


def uses_uv():
    """True where uv is there and pip is not configured: uv does not read pip's configuration, which we promise to."""
    return shutil.which("uv") is not None and not pip_settings()


# pip, where the Python does not bring it


def pip_settings():
    """Read what pip would read for finding packages: its files, then its environment variables, which win."""
    wanted = ("index-url", "extra-index-url", "find-links", "no-index", "cert", "proxy", "constraint")
    found = {}
    for path in pip_files():
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update((key, value) for key, value in parser.items(section) if key in wanted)
    for key in wanted:
        value = os.environ.get("PIP_" + key.upper().replace("-", "_"))
        if value:
            found[key] = value
    return found


def pip_files():
    home = os.path.expanduser("~")
    shared = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    own = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    paths = [os.path.join(folder, "pip", "pip.conf") for folder in shared.split(":")]
    paths += ["/etc/pip.conf", os.path.join(home, ".pip", "pip.conf"), os.path.join(own, "pip", "pip.conf")]
    paths += [os.environ.get("PIP_CONFIG_FILE", "")]
    return [path for path in paths if path and os.path.isfile(path)]


def fetch_pip():
    """Download the newest pip wheel from the configured index, check it against the index's hash, give its path."""
    settings = pip_settings()
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        raise Stop("pip is told to use no index, and this Python has no pip of its own: install python3-venv.")
    indexes = [settings.get("index-url") or "https://pypi.org/simple"] + settings.get("extra-index-url", "").split()
    reasons = []
    for index in indexes:
        page_url = index.rstrip("/") + "/pip/"
        try:
            page, kind = fetch(page_url, settings)
            name, url, digest = newest_pip(read_index(page, kind, page_url))
            wheel, _ = fetch(url, settings)
        except (OSError, ValueError) as error:
            reasons.append("%s: %s" % (without_password(index), error))
            continue
        if hashlib.sha256(wheel).hexdigest() != digest:
            raise Stop("%s does not have the hash that %s states: not used." % (name, without_password(index)))
        path = os.path.join(HOME, name)
        with open(path, "wb") as file:
            file.write(wheel)
        return path
    raise Stop("pip could not be fetched. Install python3-venv, or look at: %s." % "; ".join(reasons))


def fetch(url, settings):
    parts = urllib.parse.urlsplit(url)
    request = urllib.request.Request(without_password(url))
    request.add_header("Accept", "application/vnd.pypi.simple.v1+json, text/html;q=0.5, */*;q=0.1")
    if parts.username:
        pair = "%s:%s" % (urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password or ""))
        request.add_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    handlers = [urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=settings.get("cert") or None))]
    if settings.get("proxy"):
        handlers.append(urllib.request.ProxyHandler({"http": settings["proxy"], "https": settings["proxy"]}))
    with urllib.request.build_opener(*handlers).open(request, timeout=60) as answer:
        return answer.read(), answer.headers.get_content_type()


def without_password(url):
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def read_index(page, kind, page_url):
    """Read a page of a package index, JSON or HTML, into (file name, url, sha256, requires-python) each."""
    text = page.decode("utf-8")
    if kind.endswith("json"):
        for file in json.loads(text)["files"]:
            if not file.get("yanked"):
                address = urllib.parse.urljoin(page_url, file["url"])
                yield file["filename"], address, file["hashes"].get("sha256"), file.get("requires-python") or ""
        return
    for attributes, name in re.findall(r"<a\s([^>]*)>\s*([^<]+?)\s*</a>", text):
        values = {key: html.unescape(value) for key, value in re.findall(r'([\w-]+)\s*=\s*"([^"]*)"', attributes)}
        if "href" in values and "data-yanked" not in values:
            address, _, fragment = urllib.parse.urljoin(page_url, values["href"]).partition("#")
            digest = dict(part.partition("=")[::2] for part in fragment.split("&")).get("sha256")
            yield name, address, digest, values.get("data-requires-python", "")


def newest_pip(files):
    best = None
    for name, url, digest, requires in files:
        match = re.match(r"pip-(\d+(?:\.\d+)*)-py3-none-any\.whl$", name)
        if not match or not digest:
            continue
        floor = re.search(r">=\s*(\d+)\.(\d+)", requires)
        if floor and sys.version_info[:2] < (int(floor.group(1)), int(floor.group(2))):
            continue
        version = tuple(int(part) for part in match.group(1).split("."))
        if best is None or version > best[0]:
            best = (version, (name, url, digest))
    if best is None:
        raise ValueError("no wheel of pip with a sha256 there")
    return best[1]


# Small things


@contextlib.contextmanager
def building_copy():
    """Remove setuptools' build/ before and after: a file deleted from the package would live on in the wheel."""
    build = os.path.join(ROOT, "build")
    shutil.rmtree(build, ignore_errors=True)
    try:
        yield
    finally:
        shutil.rmtree(build, ignore_errors=True)


def split(arguments):
    """Split at the first `--`."""
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def say(line):
    print("dev.py: " + line, flush=True)


def must(command):
    status = run(command)
    if status:
        raise Stop("that failed (exit code %d): %s" % (status, " ".join(command)))


def run(command, env=None, cwd=ROOT):
    environment = dict(os.environ if env is None else env)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [ROOT, environment.get("PYTHONPATH")]))
    process = subprocess.Popen(command, cwd=cwd, env=environment)
    while True:
        try:
            status = process.wait()
        except KeyboardInterrupt:
            # The child got the same interrupt from the terminal; let it end in its own way.
            continue
        return status if status >= 0 else 128 - status


def main(arguments):
    name = arguments[0] if arguments else "help"
    if name in ("-h", "--help"):
        name = "help"
    if name not in VERBS:
        show_help([])
        print("\n%r is not one of them." % name, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return VERBS[name](arguments[1:])
    except Stop as stop:
        print("dev.py: %s" % stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
