"""Folding and ids have short cuts; the long way stays the measure of them."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_bigin.api.values import read_id
from django_bigin.text import FOLDED_LENGTH, fold

MARKS = "\u0301\u0327\u0345\u0483\u05b4\u0e34\u20d7\ufe20"
texts = st.text() | st.text(st.sampled_from("aÅßİıΣς 0é①ﬁ" + MARKS)) | st.text(st.characters(max_codepoint=0x17F))


def folded_the_long_way(text):
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(char for char in decomposed if not unicodedata.combining(char)).strip()[:FOLDED_LENGTH]


@given(texts | texts.map(lambda text: text * 40))
def test_folding_has_no_short_cut_that_shows(text):
    assert fold(text) == folded_the_long_way(text)


@pytest.mark.parametrize(
    ("text", "folded"), [("Ångström", "angstrom"), (" WEN ", "wen"), ("Straße", "strasse"), ("ΣΊΣΥΦΟΣ", "σισυφοσ")]
)
def test_folding(text, folded):
    assert fold(text) == folded


def id_the_long_way(value):
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or re.fullmatch(r"[1-9][0-9]{0,18}", value) is None or int(value) > 2**63 - 1:
        return None
    return value


digits = st.text(st.sampled_from("0123456789٣²１-+ _\n"), max_size=21)


@given(st.integers() | st.integers(2**63 - 3, 2**63 + 3) | st.integers().map(str) | digits | st.text(max_size=20))
def test_reading_an_id_has_no_short_cut_that_shows(value):
    assert read_id(value) == id_the_long_way(value)
