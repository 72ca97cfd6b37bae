"""Numbers, shares, lengths of time and signs as reports write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from simulator.report.glyphs import ASCII, UNICODE, Glyphs, count, duration, plural, printable, share, size


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0004, "0 ms"),
        (0.85, "850 ms"),
        (3.24, "3.2 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (50_400, "14 h"),
        (23_000, "6 h 23 min"),
        (86_400, "1 d"),
        (604_800 + 7200, "7 d 2 h"),
    ],
)
def test_lengths_of_time_show_their_two_largest_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 10, "0 %"),
        (10, 10, "100 %"),
        (1, 2, "50 %"),
        (4011, 4132, "97.1 %"),
        (1, 10_000, "<0.1 %"),
        (9999, 10_000, ">99.9 %"),
        (3, 0, "0 %"),
    ],
)
def test_shares_never_round_something_to_nothing_or_a_part_to_the_whole(
    part: int, whole: int, text: str
) -> None:
    assert share(part, whole) == text


def test_numbers_are_grouped_and_agree_with_their_nouns() -> None:
    assert count(4812) == "4,812"
    assert count(1504.25) == "1,504.2"
    assert plural(1, "event") == "1 event"
    assert plural(2, "retry", "retries") == "2 retries"
    assert size(6_200_000) == "6.2 MB"
    assert size(12) == "12 B"


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@given(value=st.floats(0, 1), width=st.integers(1, 60))
def test_a_bar_fits_its_width_and_is_empty_only_for_nothing(glyphs: Glyphs, value: float, width: int) -> None:
    bar = glyphs.bar(value, width)

    assert len(bar) <= width
    assert (bar == "") == (value == 0)
    assert glyphs.bar(1.0, width) == glyphs.bars[-1] * width


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@given(values=st.lists(st.integers(0, 1000), min_size=1))
def test_a_sparkline_has_one_sign_a_value_and_blanks_only_for_nothing(
    glyphs: Glyphs, values: list[int]
) -> None:
    line = glyphs.spark(values)

    assert len(line) == len(values)
    assert [sign == " " for sign in line] == [value == 0 for value in values]
    if max(values):
        assert line[values.index(max(values))] == glyphs.levels[-1]


@given(text=st.text(max_size=40), width=st.integers(4, 40))
def test_fitted_text_takes_exactly_its_cells(text: str, width: int) -> None:
    clean = printable(text, "utf-8")

    assert cell_len(UNICODE.fit(clean, width)) == width


@given(text=st.text(), encoding=st.sampled_from(["ascii", "latin-1", "cp437", "utf-8"]))
def test_printable_text_keeps_its_length_and_can_be_encoded(text: str, encoding: str) -> None:
    shown = printable(text, encoding)

    assert len(shown) == len(text)
    assert shown.encode(encoding).decode(encoding) == shown
    assert shown.isprintable()


def test_letters_with_marks_lose_the_mark_where_they_must() -> None:
    assert printable("Café – Groß\x1b", "ascii") == "Cafe - Gros "
    assert printable("Café", "latin-1") == "Café"
