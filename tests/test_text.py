import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mibench.text import csv_text, file_name, json_text, plain_text

ANY = st.text(st.characters(), max_size=120)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ksg:k=3", "ksg:k=3"), ("Î ± 0,1 °", "Î ± 0,1 °"), ("\x1b[31mred\x1b[0m", "red"), ("a\r\nb\tc", "a b c"),
        ("\x1b]0;title\x07x", "x"), ("\x1b]8;;http://x\x1b\\click\x1b]8;;\x1b\\", "click"), ("\x9b2Jx", "x"),
        ("a\x08b", "a�b"), ("\ud83d", "�"), ("abc\u202edef", "abc�def"), ("\x1b", "�"), ("\x1bcx", "x"),
    ],
)  # fmt: skip
def test_plain_text(text, shown):
    assert plain_text(text) == shown


@given(ANY)
def test_plain_text_holds_no_control_character_and_is_plain(text):
    shown = plain_text(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]", shown)
    assert plain_text(shown) == shown
    shown.encode()


@given(ANY)
def test_file_names_are_one_plain_component(text):
    name = file_name(text)
    assert re.fullmatch(r"[a-z0-9_=.-]{1,80}", name)
    assert not name.startswith((".", "-"))
    assert name.split(".")[0] not in {"con", "nul"}


@given(ANY, ANY)
def test_different_texts_have_different_file_names(one, other):
    folded = {text.replace(",", ":").replace("-", ":") for text in (one, other)}
    if len(folded) == 2:
        assert file_name(one) != file_name(other)


def test_file_names_of_specs_are_readable_and_of_paths_are_names():
    assert file_name("ksg:algorithm=1,k=5") == "ksg-algorithm=1-k=5"
    assert file_name("chain-rule:base=(ksg:k=3)").startswith("chain-rule-base=-ksg-k=3-")
    assert file_name("K=3") != file_name("k=3")
    for text in ("../../etc/passwd", "/etc/passwd", "..", ".", "", "a/b", "nul", "a\x00b"):
        assert "/" not in file_name(text)
        assert file_name(text) not in (".", "..", "", "nul")


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-cmd", "@sum", "\t=1", "  =1", "\x1b[0m=1", "-1+1"])
def test_spreadsheets_see_no_formula(text):
    assert csv_text(text).startswith("'")


@pytest.mark.parametrize("text", ["-1", "+1.5e-3", "-.5", "ksg:k=3", "1e300"])
def test_numbers_and_specs_stay(text):
    assert csv_text(text) == text


@given(ANY)
def test_json_says_the_same_and_shows_no_control_character(text):
    written = json_text(json.dumps({"a": text}, ensure_ascii=False, indent=1))
    assert json.loads(written) == {"a": text}
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202e]", written)
