"""What `dev.py dist` decides by itself."""

import io
import sys
import tarfile

from devtools import dist


def test_links_to_files_are_found_and_others_are_not():
    text = "[a](docs/a.md), [b](https://b.example), [c](#c), [d](mailto:d@example.org), [e](LICENSE)"
    assert dist.relative_links(text) == ["](docs/a.md)", "](LICENSE)"]


def test_the_long_description_is_what_follows_the_headers(tmp_path):
    path = tmp_path / "x-1.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in (("x-1/PKG-INFO", "Name: x\n\n# X\n"), ("x-1/x.egg-info/PKG-INFO", "other")):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    assert dist.long_description(path) == "# X\n"


def test_a_python_is_known_by_what_it_says_and_what_does_not_run_is_none(tmp_path):
    assert dist.identity(sys.executable) == "{}.{}".format(*sys.version_info)
    broken = tmp_path / "python3.12"
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    assert dist.identity(str(broken)) == ""
    assert dist.find_python("9.9") is None
