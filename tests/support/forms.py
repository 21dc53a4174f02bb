"""Forms as a browser has them: what a page's form would send if somebody pressed the button at once."""

from __future__ import annotations

from html.parser import HTMLParser


class _FormReader(HTMLParser):
    """The fields of one form with the values that the page gives them."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id = form_id
        self.fields: dict[str, list[str]] = {}
        self._inside = False
        self._text_of: str | None = None
        self._select: str | None = None
        self._choices: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self._inside = attributes.get("id") == self.form_id
        name = attributes.get("name")
        if not self._inside:
            return
        if tag == "option":
            self._choices.append((attributes.get("value") or "", "selected" in attributes))
        elif name and tag == "input":
            kind = attributes.get("type", "text")
            if kind not in ("submit", "button", "file", "checkbox", "radio") or "checked" in attributes:
                self.fields.setdefault(name, []).append(attributes.get("value") or "")
        elif name and tag == "textarea":
            self._text_of = name
            self.fields[name] = [""]
        elif name and tag == "select":
            self._select, self._choices = name, []

    def handle_data(self, data: str) -> None:
        if self._text_of is not None:
            self.fields[self._text_of][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea" and self._text_of is not None:
            # A browser leaves out the first line break behind the tag.
            self.fields[self._text_of][0] = self.fields[self._text_of][0].removeprefix("\n").removeprefix("\r\n")
            self._text_of = None
        elif tag == "select" and self._select is not None:
            first = [value for value, _ in self._choices[:1]]
            self.fields[self._select] = [value for value, chosen in self._choices if chosen] or first
            self._select = None


def read_form(html: str, form_id: str) -> dict[str, list[str]]:
    """Return what the form of that id would send, as the test client takes it."""
    reader = _FormReader(form_id)
    reader.feed(html)
    assert reader.fields, f"there is no form {form_id!r} with fields on the page"
    return reader.fields
