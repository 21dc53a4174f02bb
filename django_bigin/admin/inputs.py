"""Form fields of the admin."""

from __future__ import annotations

from typing import Any

from django import forms

from ..api.scopes import read_scopes


class WordsField(forms.CharField):
    """Words as text, one a line, commas and spaces allowed; in the row a list, each once."""

    widget = forms.Textarea(attrs={"rows": 9, "cols": 60})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return list(read_scopes(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(list(initial or []) != self.to_python(data))
