"""Start the sandbox: `python -m django_bigin.sandbox`."""

from .commandline import main

raise SystemExit(main())
