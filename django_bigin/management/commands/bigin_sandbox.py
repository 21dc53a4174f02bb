"""Run the sandbox: what `python -m django_bigin.sandbox` does, for who has a `manage.py` at hand."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ...sandbox.server import command_line


class Command(BaseCommand):
    """Stand in for Zoho until stopped."""

    help = command_line.DESCRIPTION
    # It is of no use to the site's settings, and they are of none to it.
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        epilog = command_line.EPILOG.replace("python -m django_bigin.sandbox", f"manage.py {subcommand}")
        kwargs = {"formatter_class": RawDescriptionHelpFormatter, "epilog": epilog} | kwargs
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        command_line.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if status := command_line.run(options):
            raise SystemExit(status)
