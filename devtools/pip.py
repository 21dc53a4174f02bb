"""pip, where the Python does not bring it: its configuration, and its wheel from the package index."""

import base64
import configparser
import hashlib
import html
import json
import os
import re
import ssl
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from devtools.processes import Stop

SETTINGS = ("index-url", "extra-index-url", "find-links", "no-index", "cert", "proxy", "constraint")


class IndexFile(NamedTuple):
    """A file that a package index offers."""

    name: str
    url: str
    sha256: str | None
    requires_python: str


def pip_settings() -> dict[str, str]:
    """Read pip's own settings for finding packages: its files, then its environment variables, which win."""
    found: dict[str, str] = {}
    for path in pip_files():
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update((key, value) for key, value in parser.items(section) if key in SETTINGS)
    for key in SETTINGS:
        if value := os.environ.get("PIP_" + key.upper().replace("-", "_")):
            found[key] = value
    return found


def pip_files() -> list[Path]:
    """List the files from which pip reads its settings, the strongest last."""
    home = Path.home()
    shared = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    own = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    paths = [Path(folder) / "pip" / "pip.conf" for folder in shared.split(":")]
    paths += [Path("/etc/pip.conf"), home / ".pip" / "pip.conf", own / "pip" / "pip.conf"]
    if named := os.environ.get("PIP_CONFIG_FILE"):
        paths.append(Path(named))
    return [path for path in paths if path.is_file()]


def fetch_pip(folder: Path) -> Path:
    """Download the newest wheel of pip from the configured index into a folder.

    Raises:
        Stop: no index gives it, or its hash is not the one that the index states.
    """
    settings = pip_settings()
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        raise Stop("pip is told to use no index, and this Python has no pip of its own: install python3-venv.")
    indexes = [settings.get("index-url") or "https://pypi.org/simple", *settings.get("extra-index-url", "").split()]
    reasons = []
    for index in indexes:
        page_url = index.rstrip("/") + "/pip/"
        try:
            page, kind = download(page_url, settings)
            file = newest_pip(read_index(page, kind, page_url))
            wheel, _ = download(file.url, settings)
        except (OSError, ValueError) as error:
            reasons.append(f"{without_password(index)}: {error}")
            continue
        if hashlib.sha256(wheel).hexdigest() != file.sha256:
            raise Stop(f"{file.name} does not have the hash that {without_password(index)} states: not used.")
        path = folder / file.name
        path.write_bytes(wheel)
        return path
    raise Stop(f"pip could not be fetched. Install python3-venv, or look at: {'; '.join(reasons)}.")


def download(url: str, settings: Mapping[str, str]) -> tuple[bytes, str]:
    """Fetch an address with pip's settings, and return its body and content type."""
    parts = urlsplit(url)
    request = urllib.request.Request(without_password(url))
    request.add_header("Accept", "application/vnd.pypi.simple.v1+json, text/html;q=0.5, */*;q=0.1")
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    context = ssl.create_default_context(cafile=settings.get("cert") or None)
    handlers: list[urllib.request.BaseHandler] = [urllib.request.HTTPSHandler(context=context)]
    if proxy := settings.get("proxy"):
        handlers.append(urllib.request.ProxyHandler({"http": proxy, "https": proxy}))
    with urllib.request.build_opener(*handlers).open(request, timeout=60) as answer:
        return answer.read(), answer.headers.get_content_type()


def without_password(url: str) -> str:
    """Drop user name and password from an address."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def read_index(page: bytes, kind: str, page_url: str) -> Iterator[IndexFile]:
    """Read the files on a page of a package index, JSON or HTML, without those that were withdrawn."""
    text = page.decode("utf-8")
    return read_json_index(text, page_url) if kind.endswith("json") else read_html_index(text, page_url)


def read_json_index(text: str, page_url: str) -> Iterator[IndexFile]:
    """Read a page in the JSON form."""
    for file in json.loads(text)["files"]:
        if not file.get("yanked"):
            url = urljoin(page_url, file["url"])
            yield IndexFile(file["filename"], url, file["hashes"].get("sha256"), file.get("requires-python") or "")


def read_html_index(text: str, page_url: str) -> Iterator[IndexFile]:
    """Read a page in the HTML form."""
    for attributes, name in re.findall(r"<a\s([^>]*)>\s*([^<]+?)\s*</a>", text):
        values = {key: html.unescape(value) for key, value in re.findall(r'([\w-]+)\s*=\s*"([^"]*)"', attributes)}
        if "href" in values and "data-yanked" not in values:
            url, _, fragment = urljoin(page_url, values["href"]).partition("#")
            hashes = dict(part.partition("=")[::2] for part in fragment.split("&"))
            yield IndexFile(name, url, hashes.get("sha256"), values.get("data-requires-python", ""))


def newest_pip(files: Iterable[IndexFile]) -> IndexFile:
    """Choose the newest wheel of pip that this Python runs and whose hash is stated.

    Raises:
        ValueError: there is none.
    """
    wheels = {}
    for file in files:
        match = re.match(r"pip-(\d+(?:\.\d+)*)-py3-none-any\.whl$", file.name)
        if not match or not file.sha256:
            continue
        floor = re.search(r">=\s*(\d+)\.(\d+)", file.requires_python)
        if not floor or sys.version_info[:2] >= (int(floor.group(1)), int(floor.group(2))):
            wheels[tuple(map(int, match.group(1).split(".")))] = file
    if not wheels:
        raise ValueError("no wheel of pip with a sha256 there")
    return wheels[max(wheels)]
