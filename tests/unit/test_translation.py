"""Sentences that were stored in English are said in the reader's language, and nothing else is touched."""

import re

import pytest
from django.utils.translation import gettext, override

from devtools import messages
from django_bigin.connections.states import STATES
from django_bigin.exceptions import RateLimitError
from django_bigin.health.words import WORDS
from django_bigin.models import Connection
from django_bigin.text import sentence
from django_bigin.translation import SENTENCES, in_a_sentence, in_english, translated

TIMED_OUT = "%(which)s did not answer within %(seconds)s seconds; %(advice)s."
SERVER = sentence("Zoho's accounts server of the data center %(data_center)s", data_center="eu")


def stored_templates() -> list[str]:
    """The templates that `sentence` fills: those that lower floors mark."""
    doors = ("admin", "views", "models", "templates")
    found = messages.find_messages()
    plain = [each.what.msgid for each in found if each.path.relative_to(messages.PACKAGE).parts[0] not in doors]
    return sorted({msgid for msgid in plain if "%(" in msgid})


IN_BOTH = {
    "advice": ("try again later", "versuchen Sie es später erneut"),
    "secrets": ("token", "Token"),
    "which": ("this module", "dieses Modul"),
}
CLAUSE = (
    "A stored secret is not in the form that this version writes (v1.<key id>.<base64>)",
    "Ein gespeichertes Geheimnis hat nicht die Form, die diese Version schreibt (v1.<Schlüssel-ID>.<base64>)",
)


def parts_for(template: str) -> dict[str, tuple[str, str]]:
    """What stands in the parts of a template, in English and in German: names, or what is made of another template."""
    whole = not re.search(r"%\(reason\)s[.;)]", template)  # else the clause of a sentence
    reason = ("Paused.", "Angehalten.") if whole else CLAUSE
    return {name: {**IN_BOTH, "reason": reason}.get(name, ("Acme", "Acme")) for name in messages.parts_of(template)}


def filled(template: str) -> str:
    return template % {name: english for name, (english, _) in parts_for(template).items()}


def in_german(text: str) -> str:
    with override("de"):
        return translated(text)


@pytest.mark.parametrize("template", stored_templates())
def test_every_template_is_found_again_in_what_it_made(template):
    with override("de"):
        expected = gettext(template) % {name: german for name, (_, german) in parts_for(template).items()}
    assert in_german(filled(template)) == expected


@pytest.mark.parametrize("language", ["en", "en-us", "fr", None])
def test_where_there_is_no_catalogue_nothing_changes(language):
    with override(language):
        for template in stored_templates():
            text = filled(template)
            assert translated(text) == text
        assert translated("1,234 new, 0 changed, 5 deleted.") == "1,234 new, 0 changed, 5 deleted."


def test_names_stay_as_they_are_and_numbers_are_written_as_the_language_does():
    assert in_german("1,234 new, 0 changed, 5 deleted.") == "1.234 neu, 0 geändert, 5 gelöscht."
    text = sentence("Another process took over the sync of %(module)s; nothing is lost.", module="Paused.")
    assert "von Paused. übernommen" in in_german(text)


def test_a_sentence_within_a_sentence_is_said_too():
    timed_out = sentence(TIMED_OUT, which=SERVER, seconds=30, advice="try again later")
    said = in_german(timed_out)
    assert said == (
        "Der Accounts-Server von Zoho im Rechenzentrum eu hat innerhalb von 30 Sekunden nicht geantwortet; "
        "versuchen Sie es später erneut."
    )
    outer = sentence("%(connection)s: %(reason)s", connection="Acme (eu)", reason=timed_out)
    assert in_german(outer) == f"Acme (eu): {said}"


def test_several_sentences_are_said_one_by_one():
    state = STATES[Connection.Status.PAUSED]
    assert in_german(f"{state.happened} {state.person_does}") == (
        "Die Verbindung ist angehalten. Setzen Sie sie fort, um weiterzuarbeiten."
    )
    assert in_german("1 row is quarantined. What a driver says. Paused.") == (
        "1 Zeile ist in Quarantäne. What a driver says. Angehalten."
    )


def test_sentences_are_said_the_same_alone_and_in_company():
    everything = sorted(
        {text for words in WORDS.values() for text in (words.happened, words.app_does, words.person_does) if text}
    )
    everything += [filled(template) for template in stored_templates() if template.endswith(".")]
    for first, second in zip(everything, everything[1:] + everything[:1], strict=True):
        assert in_german(f"{first} {second}") == f"{in_german(first)} {in_german(second)}"


def test_an_error_keeps_where_it_came_from():
    text = "Zoho's accounts server asks for fewer token requests: wait ten minutes without any."
    error = RateLimitError(text, status=429, code="Access_Denied", endpoint="POST /oauth/v2/token")
    assert in_german(str(error)) == f"{in_german(text)} (POST /oauth/v2/token, 429, Access_Denied)"
    assert in_german(text).startswith("Der Accounts-Server von Zoho bittet um weniger")


@pytest.mark.parametrize(
    "name", ["St. Gallen (eu)", "Acme Inc. (us)", "A: B", "in, and 3 more", "100 % Ltd", "%(reason)s"]
)
def test_strange_names_are_taken_for_names(name):
    text = sentence("%(connection)s: %(reason)s", connection=name, reason="Paused.")
    assert in_german(text) == f"{name}: Angehalten."
    text = sentence("Another process took over the refresh of %(connection)s.", connection=name)
    assert in_german(text) == f"Ein anderer Prozess hat die Aktualisierung von {name} übernommen."


@pytest.mark.parametrize("text", ["", "FATAL: password failed", "The disk: it is full.", "100 %", "%(a)s", "a in b"])
def test_what_others_said_stays_as_it_is(text):
    assert in_german(text) == text


def test_no_text_nests_too_deep_and_none_takes_minutes():
    """What others wrote may be long, and may look like sentences within sentences without end."""
    endless = (
        "A: " * 3_000,
        "(x); " * 2_000,
        "Some words of a driver (x). " * 300,
        "The " * 2_500,
        "a: Paused. " * 900,
    )
    for text in endless:
        assert len(in_german(text)) >= len(text) // 2


def test_a_label_is_english_whatever_language_is_active():
    label = Connection.Status.NEEDS_AUTHORIZATION.label
    with override("de"):
        assert str(label) == "Benötigt Autorisierung"
        assert in_a_sentence(translated(label)) == "benötigt Autorisierung"
        assert in_english(label) == "Needs authorization"


def test_the_parts_that_are_sentences_are_used():
    used = {name for template in stored_templates() for name in messages.parts_of(template)}
    assert used >= SENTENCES
