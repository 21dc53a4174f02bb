"""Fields and checks of the admin's forms."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils.translation import gettext

from ..api.scopes import read_scopes
from ..db.keys import is_storable
from ..encryption.secret import Secret
from ..exceptions import EncryptionError
from ..models.fields import seal
from ..translation import translated


class NamesField(forms.CharField):
    """Scopes or API names as text, one a line, commas and spaces allowed; in the row a list, each once."""

    widget = forms.Textarea(attrs={"rows": 9, "cols": 60})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and not is_storable(value):  # Django looks for NUL in text alone, not in a list
            raise ValidationError(gettext("Null characters are not allowed."), code="null_characters_not_allowed")
        return list(read_scopes(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(list(initial or []) != self.to_python(data))


class SecretField(forms.CharField):
    """One word that is stored encrypted: from the field on a `Secret`, which no error report shows."""

    def to_python(self, value: Any) -> Any:
        return Secret(super().to_python(value))

    def validate(self, value: Any) -> None:
        """Refuse what cannot be a secret, and every secret while none can be stored."""
        super().validate(value)
        if not value.isascii() or not value.isprintable() or " " in value:
            raise ValidationError(gettext("This is one word without spaces: copy it again from the console."))
        try:
            seal(uuid.uuid4(), "", "a trial", value)
        except (EncryptionError, ImproperlyConfigured) as error:
            reason = translated(str(error))
            raise ValidationError(gettext("No secret can be stored: %(reason)s") % {"reason": reason}) from error
