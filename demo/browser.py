"""A browser of a few lines, for the site's and Zoho's real pages: redirects, cookies and forms."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import requests


class Form:
    """One form of a page: its fields with their values, and its buttons."""

    def __init__(self, attributes: dict[str, str]) -> None:
        self.action = attributes.get("action", "")
        self.method = attributes.get("method", "get").lower()
        self.fields: dict[str, str] = {}
        self.choices: dict[str, dict[str, str]] = {}
        self.buttons: dict[str, tuple[str, str]] = {}


class _FormParser(HTMLParser):
    """The forms of a page, as far as a browser needs them."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.leads_to = ""
        self._form: Form | None = None
        self._button: tuple[str, str] | None = None
        self._radio: tuple[str, str] | None = None
        self._select = ""
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if attributes.get("http-equiv") == "refresh":
            self.leads_to = attributes["content"].partition("url=")[2]
        if tag == "form":
            self._form = Form(attributes)
            self.forms.append(self._form)
        if self._form is None:
            return
        name, value = attributes.get("name", ""), attributes.get("value", "")
        kind = attributes.get("type", "text" if tag == "input" else "submit")
        if tag == "button" or (tag == "input" and kind == "submit"):
            self._button, self._text = (name, value), ""
            if tag == "input":
                self._form.buttons[value] = (name, value)
        elif tag == "input" and kind in ("radio", "checkbox"):
            self._form.choices.setdefault(name, {})[value] = value
            self._radio, self._text = (name, value), ""
            if "checked" in attributes:
                self._form.fields[name] = value
        elif tag == "input" and name:
            self._form.fields[name] = value
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._radio, self._text = (self._select, value), ""
            self._form.choices.setdefault(self._select, {})[value] = value
            if "selected" in attributes or self._select not in self._form.fields:
                self._form.fields[self._select] = value

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if self._form is None:
            return
        text = " ".join(self._text.split())
        if tag == "button" and self._button is not None:
            self._form.buttons[text] = self._button
            self._button = None
        elif tag in ("label", "option") and self._radio is not None:
            name, value = self._radio
            self._form.choices[name][value] = text
            self._radio = None
        elif tag == "select":
            self._select = ""
        elif tag == "form":
            self._form = None


class Browser:
    """One browser session; `text` and `url` are those of the page it shows.

    `states` are the OAuth states that it carried to Zoho and back: secrets, as far as logs are concerned.
    """

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self.url = ""
        self.text = ""
        self.forms: list[Form] = []
        self.states: set[str] = set()

    def go(self, url: str) -> None:
        """Open an address."""
        self._show(self._session.get(urljoin(self.url, url), timeout=60))

    def press(self, button: str, **values: str) -> None:
        """Press the button that says this, with the fields of its form filled in.

        A value for a choice may be a part of what stands beside it, such as a user's name.
        """
        form, (name, value) = self._button(button)
        data = {**form.fields, **{key: self._choice(form, key, text) for key, text in values.items()}}
        if name:
            data[name] = value
        url = urljoin(self.url, form.action)
        headers = {"Referer": self.url}
        if form.method == "post":
            self._show(self._session.post(url, data=data, headers=headers, timeout=60))
        else:
            self._show(self._session.get(url, params=data, headers=headers, timeout=60))

    def has(self, button: str) -> bool:
        """Tell whether the page has a button that says this."""
        return any(button in text for form in self.forms for text in form.buttons)

    def _button(self, label: str) -> tuple[Form, tuple[str, str]]:
        for form in self.forms:
            for text, button in form.buttons.items():
                if label in text:
                    return form, button
        raise LookupError(f"{self.url} has no button {label!r}: {self.text[:1500]}")

    @staticmethod
    def _choice(form: Form, name: str, wanted: str) -> str:
        offered = form.choices.get(name, {})
        return next((value for value, text in offered.items() if wanted in (value, text) or wanted in text), wanted)

    def _show(self, response: Any) -> None:
        parser = _FormParser()
        parser.feed(response.text)
        for each in (*response.history, response):
            self.states.update(parse_qs(urlsplit(each.url).query).get("state", []))
        self.url, self.text, self.forms = response.url, response.text, parser.forms
        if parser.leads_to:
            self.go(parser.leads_to)
