#!/usr/bin/env python3
"""Everything a developer runs, from a clean clone with nothing but Python and git: `python3 dev.py help`.

It makes an environment of its own in .dev/ and reuses it until pyproject.toml or the Python changes. The machine's
configuration of pip (PIP_* and pip.conf) is respected. The commands are in devtools/; this file stays readable for old
Pythons (no annotations, no f-strings), so that one of them can say what is wrong instead of stopping at a syntax error.
"""

from __future__ import print_function

import os
import sys

if sys.version_info < (3, 11):
    sys.exit("django-bigin needs Python 3.11 or newer; this is Python %d.%d." % sys.version_info[:2])

# Python leaves it out where PYTHONSAFEPATH is set.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from devtools.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
