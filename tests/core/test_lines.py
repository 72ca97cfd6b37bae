"""Lines that lie in other people's memory are the same lines, in any order, and are written where they lie."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core import lines as module
from simulator.core.lines import Lines, text_of, write_lines

texts = st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line), max_size=12)


def in_memory(lines: list[bytes]) -> Lines:
    memory = b"".join(line + b"\n" for line in lines) + b"what lies behind"
    return Lines.of(memory, np.array([len(line) for line in lines], dtype=np.int32))


@given(texts, st.data())
def test_they_are_a_sequence_of_their_lines(expected: list[bytes], data: st.DataObject) -> None:
    lines = in_memory(expected)
    assert list(lines) == expected
    assert len(lines) == len(expected)
    assert [lines[index] for index in range(len(lines))] == expected
    first = data.draw(st.integers(0, len(expected)))
    last = data.draw(st.integers(first, len(expected)))
    assert list(lines[first:last]) == expected[first:last]
    assert text_of(lines[first:last]) == text_of(expected[first:last])


@given(st.lists(texts, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_those_of_several_are_put_in_one_order(parts: list[list[bytes]], random: object) -> None:
    whole = [line for part in parts for line in part]
    order = list(range(len(whole)))
    random.shuffle(order)  # type: ignore[attr-defined]
    merged = Lines.merged([in_memory(part) for part in parts], np.array(order, dtype=np.intp))
    assert list(merged) == [whole[index] for index in order]
    assert text_of(merged) == b"".join(whole[index] + b"\n" for index in order)


def test_neighbours_are_one_piece_of_text() -> None:
    one, other = in_memory([b"a", b"b", b"c"]), in_memory([b"d", b"e"])
    merged = Lines.merged([one, other], np.array([0, 1, 3, 4, 2], dtype=np.intp))
    assert [bytes(piece) for piece in merged.text()] == [b"a\nb\n", b"d\ne\n", b"c\n"]
    assert in_memory([]).text() == []


@pytest.mark.parametrize("taken", [1, 7, 1_000_000])
def test_writing_goes_on_after_a_short_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    def short(fd: int, pieces: list[memoryview]) -> int:
        return os.write(fd, b"".join(pieces)[:taken])

    monkeypatch.setattr(module.os, "writev", short)
    monkeypatch.setattr(module, "_PIECES_PER_WRITE", 3)
    expected = [f"line {number}".encode() for number in range(20)]
    odd = np.array([*range(0, 20, 2), *range(1, 20, 2)], dtype=np.intp)
    lines = Lines.merged([in_memory(expected)], odd)
    with (tmp_path / "text").open("wb") as file:
        size = write_lines(file.fileno(), lines)
    written = (tmp_path / "text").read_bytes()
    assert written == text_of(lines)
    assert size == len(written)
