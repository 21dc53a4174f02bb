"""The sandbox in Django's test cases."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from django.test import SimpleTestCase, TestCase, override_settings

from ..models import Connection
from ..sandbox import Sandbox
from .factories import connect
from .leaks import no_secrets_logged
from .sandboxes import require_known_calls, settings_for, use
from .transactions import refresh_in_transaction


class BiginTestMixin(SimpleTestCase):
    """Gives any of Django's test cases a sandbox: one for the class, as new in each test. Put it first.

    From `setUp` on the package talks to `self.sandbox` and takes its time. A call that Bigin does not have fails the
    test that made it. A `setUp` of your own calls `super().setUp()` first.
    """

    sandbox_options: ClassVar[Mapping[str, Any]] = {}
    """What `Sandbox` is started with, such as `{"records": {"Contacts": 50}}`."""

    sandbox: ClassVar[Sandbox]

    @classmethod
    def setUpClass(cls) -> None:
        """Start the class's sandbox."""
        super().setUpClass()
        cls.sandbox = cls.enterClassContext(Sandbox(**cls.sandbox_options))

    def setUp(self) -> None:
        """Reset the sandbox and point the package to it."""
        super().setUp()
        self.sandbox.reset()
        self.enterContext(override_settings(**settings_for(self.sandbox)))
        self.enterContext(use(self.sandbox))
        self.addCleanup(require_known_calls, self.sandbox)

    def connect(self, tenant: Any = None, **how: Any) -> Connection:
        """Connect a tenant, a new one where none is given; `how` as in `django_bigin.testing.connect`."""
        return connect(tenant, **how)

    def no_secrets_logged(self) -> AbstractContextManager[None]:
        """Within `with`, fail if a secret of the sandbox is logged."""
        return no_secrets_logged(self.sandbox)


class BiginTestCase(BiginTestMixin, TestCase):
    """Django's `TestCase` with a sandbox; tokens are refreshed inside its transaction.

    Signals of the package are sent after commit: `with self.captureOnCommitCallbacks(execute=True)` sends them here.
    """

    def setUp(self) -> None:
        """Let tokens be refreshed in the test's transaction."""
        super().setUp()
        self.enterContext(refresh_in_transaction())
