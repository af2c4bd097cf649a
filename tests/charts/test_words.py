"""Widths are compared with the font itself."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardgen.charts.words import capital, clean, name, width, wrap


@cache
def font(bold: bool) -> tuple[dict[int, str], dict[str, tuple[int, int]], int]:
    """Return letters, widths and the em of DejaVu Sans."""
    from fontTools.ttLib import TTFont
    from matplotlib import get_data_path

    found = TTFont(f"{get_data_path()}/fonts/ttf/DejaVuSans{'-Bold' if bold else ''}.ttf")
    return found.getBestCmap(), dict(found["hmtx"].metrics), found["head"].unitsPerEm


def advance(text: str, bold: bool) -> float:
    """Return the width of a text in em, without kerning."""
    glyphs, metrics, em = font(bold)
    return sum(metrics[glyphs[ord(c)]][0] for c in text if ord(c) in glyphs) / em


@pytest.mark.parametrize("block", [(0x20, 0x7E), (0xA1, 0x24F), (0x370, 0x52F), (0x5D0, 0x5EA), (0x621, 0x64A), (0x2010, 0x2026)])
def test_no_letter_is_wider_than_it_is_taken_for(block):
    wider = [chr(c) for c in range(block[0], block[1] + 1) if advance(chr(c), bold=False) > width(chr(c)) + 1e-9]
    assert set(wider) <= set("ǄǱ\u200b\u200c\u200d\u200e\u200f")  # digraphs in one letter; marks without a width


@pytest.mark.parametrize("text", ["Pretraining used 95 % of the 27.8 MWh", "Inference equals training after about 51.8 million requests"])
def test_bold_text_is_not_wider_than_it_is_taken_for(text):
    assert advance(text, bold=True) <= width(text, bold=True) <= 1.2 * advance(text, bold=True)


def test_bold_text_of_the_widest_kind_ends_within_the_margin():
    assert advance("I" * 100, bold=True) <= 1.03 * width("I" * 100, bold=True)


@given(st.text(), st.sampled_from([40.0, 300.0, 672.0]))
def test_lines_are_no_wider_than_the_room_and_lose_nothing(text, room):
    lines = wrap(text, room, 20)
    assert all(width(line, 20) <= room or len(line) == 1 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_a_number_stays_with_its_unit():
    assert wrap("It took 27.4 days in all", 110, 20) == ["It took", "27.4 days", "in all"]
    assert wrap("It was 100 t CO₂e", 120, 20) == ["It was", "100 t CO₂e"]


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("two\nlines\t here", "two lines here"),
        ("a\x00b\x1b[31mc\x7fd", "ab[31mcd"),
        ("abc\u202edef\u2066\ufeff", "abcdef"),
        ("lone \ud800 surrogate \uffff", "lone surrogate"),
        ("$x$ <b>", "$x$ <b>"),
        ("z" + "\u0301" * 50, "z\u0301\u0301"),
        (7, "7"),
    ],
)
def test_a_users_text_keeps_its_letters_only(given_text, shown):
    assert clean(given_text) == shown


def test_a_long_name_is_shortened():
    assert name("Pond 7B") == "Pond 7B"
    assert name("very long name " * 9).endswith("…")
    assert width(name("W" * 300)) <= 17


def test_a_name_from_right_to_left_does_not_turn_the_text_around_it():
    assert name("נחל 7B") == "\u2068נחל 7B\u2069"


def test_a_capital_changes_the_first_letter_only():
    assert [capital("host"), capital("IT equipment"), capital("")] == ["Host", "IT equipment", ""]
