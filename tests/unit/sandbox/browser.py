"""A browser without pictures: it follows redirects inside the sandbox, and reads and sends the pages' forms."""

from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urlsplit

from django_bigin.sandbox.wire.messages import Request

HOST = "127.0.0.1:8400"


class Page(HTMLParser):
    """One page: its heading, its text, and its form with everything that could be pressed."""

    def __init__(self, text):
        super().__init__()
        self.source, self.words, self.heading, self.tags = text, [], "", []
        self.action, self.hidden, self.choices, self.buttons = "", {}, [], []
        self._label = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self._label = [] if tag in {"button", "label"} else self._label
        if tag == "form":
            self.action = attributes["action"]
        elif tag == "input" and attributes["type"] == "hidden":
            self.hidden[attributes["name"]] = attributes["value"]
        elif tag == "input":
            self.choices.append([attributes["name"], attributes["value"], ""])
        elif tag == "button":
            self.buttons.append([attributes.get("name"), attributes.get("value"), ""])

    def handle_endtag(self, tag):
        if tag == "button":
            self.buttons[-1][2] = " ".join(self._label)
        elif tag == "label":
            self.choices[-1][2] = " ".join(self._label)
        if tag == "h1":
            self.heading = self.words[-1]

    def handle_data(self, data):
        if data.strip():
            self.words.append(data.strip())
            self._label.append(data.strip())

    @property
    def text(self):
        return " ".join(self.words)


class Browser:
    """Visits the sandbox; `page` is what it shows, `url` where it is, `callback` where it left the sandbox for."""

    def __init__(self, sandbox, host=HOST):
        self.sandbox, self.host = sandbox, host
        self.page, self.url, self.status, self.callback, self.headers = None, "", 0, "", {}
        self._checked = {}

    def visit(self, url, method="GET", form=None):
        split = urlsplit(url)
        headers = {"Host": split.netloc or self.host, "Content-Type": "application/x-www-form-urlencoded"}
        target = split.path + ("?" + split.query if split.query else "")
        response = self.sandbox.handle(Request(method, target, headers, urlencode(form or {}).encode()))
        self.url, self.status, self.headers, self._checked = url, response.status, dict(response.headers), {}
        if response.status != 302:
            assert response.content_type.startswith("text/html"), response.body()
            self.page = Page(response.body().decode())
            return self
        location = self.headers["Location"]
        if "/oauth/v2/auth/" in location:
            return self.visit(location)
        self.callback = location
        return self

    def check(self, label):
        [found] = [choice for choice in self.page.choices if label in choice[2]]
        self._checked = {found[0]: found[1]}
        return self

    def press(self, label):
        [found] = [button for button in self.page.buttons if label in button[2]]
        pressed = {found[0]: found[1]} if found[0] else {}
        return self.visit(self.page.action, "POST", self.page.hidden | self._checked | pressed)

    @property
    def returned(self):
        """The callback's parameters, in order."""
        return parse_qsl(urlsplit(self.callback).query, keep_blank_values=True)
