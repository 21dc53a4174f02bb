#!/usr/bin/env python
"""Django's commands for the example site: `python manage.py migrate`, `python manage.py runserver`.

On a developer's machine nothing need be set. A server sets SECRET_KEY, and what settings.py lists.
"""

import os
import sys
from pathlib import Path


def main() -> None:
    """Run the command that the command line names."""
    # Here this clone's django_bigin is used where none is installed; a copy of this site installs it.
    sys.path.append(str(Path(__file__).resolve().parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example.settings")
    if "SECRET_KEY" not in os.environ:
        os.environ.setdefault("DEBUG", "true")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
