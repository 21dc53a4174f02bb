"""Start the sandbox: `python -m django_bigin.sandbox`."""

from .server.command_line import main

raise SystemExit(main())
