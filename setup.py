"""What pyproject.toml cannot say of the metadata: it says why the licence is here."""

import re
from pathlib import Path

from setuptools import setup

# An index page is not the repository: there a link to a file beside the README would lead nowhere.
README = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
WITHOUT_RELATIVE_LINKS = re.sub(r"\[([^\]]+)\]\((?!https?://|#|mailto:)[^)]*\)", r"\1", README)

setup(
    license="BSD-3-Clause",
    long_description=WITHOUT_RELATIVE_LINKS,
    long_description_content_type="text/markdown",
)
