"""Windows get from one process to another as they were, however they travel and however far ahead the sender is."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from simulator.core.lines import Lines
from simulator.run import Simulation, prepare
from simulator.run import channel as channels
from simulator.run.channel import SLOTS, WindowReceiver, WindowSender, shared_memory
from simulator.run.window import Window
from tests.run.scenarios import town


def windows_of_a_run(folder: Path) -> list[Window]:
    world = prepare(town(folder), people=200).world
    simulation = Simulation(world, world.cohorts())
    return [simulation.advance(end) for _, end in world.windows()]


def assert_same(received: Window, sent: Window) -> None:
    for field in fields(Window):
        there, here = getattr(received, field.name), getattr(sent, field.name)
        if isinstance(here, np.ndarray):
            assert np.array_equal(there, here), field.name
        else:
            assert there == here, field.name


def pass_on(windows: list[Window], *, shared: bool, fleeting: bool = False) -> list[Window]:
    ours, theirs = multiprocessing.Pipe()
    memory = shared_memory() if shared else None
    receiver, sender = WindowReceiver(ours, memory, fleeting=fleeting), WindowSender(theirs, memory)
    sending = threading.Thread(target=lambda: [sender.send(window) for window in windows])
    sending.start()
    received = []
    try:
        for _ in windows:
            window = receiver.receive()
            assert isinstance(window, Window)
            # Those of fleeting windows are only good until the next is asked for.
            received.append(replace(window, bodies=list(window.bodies)))
            assert isinstance(window.bodies, Lines) == fleeting
    finally:
        receiver.close()
        sending.join(timeout=30.0)
    theirs.close()
    return received


@pytest.mark.parametrize("fleeting", [True, False], ids=["fleeting", "lasting"])
@pytest.mark.parametrize("shared", [True, False], ids=["shared memory", "connection"])
def test_windows_arrive_as_they_were(tmp_path: Path, shared: bool, fleeting: bool) -> None:
    windows = windows_of_a_run(tmp_path)
    assert sum(map(len, windows)) > 0
    assert any(len(window.rows) for window in windows)
    assert len(windows) > SLOTS  # slots are used again
    for received, sent in zip(pass_on(windows, shared=shared, fleeting=fleeting), windows, strict=True):
        assert_same(received, sent)


@pytest.mark.parametrize("fleeting", [True, False], ids=["fleeting", "lasting"])
def test_windows_too_large_for_a_slot_go_through_the_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fleeting: bool
) -> None:
    windows = windows_of_a_run(tmp_path)
    sizes = sorted(sum(map(len, window.bodies)) for window in windows)
    monkeypatch.setattr(channels, "SLOT_BYTES", sizes[len(sizes) // 2] + 1)
    for received, sent in zip(pass_on(windows, shared=True, fleeting=fleeting), windows, strict=True):
        assert_same(received, sent)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is shared with forked workers only")
@pytest.mark.parametrize("most", [SLOTS, 2], ids=["by slots", "by bytes"])
def test_a_sender_is_ahead_as_far_as_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    window = replace(windows_of_a_run(tmp_path)[-1], journal=[])
    text = sum(map(len, window.bodies)) + len(window)
    if most < SLOTS:
        monkeypatch.setattr(channels, "MOST_AHEAD_BYTES", (most - 1) * text + text // 2)
    ours, theirs = multiprocessing.Pipe()
    memory = shared_memory()
    receiver, sender = WindowReceiver(ours, memory), WindowSender(theirs, memory)
    for _ in range(most):
        sender.send(window)  # nobody has received anything yet
    waiting = threading.Thread(target=sender.send, args=(window,))
    waiting.start()
    waiting.join(timeout=0.2)
    assert waiting.is_alive()
    for _ in range(most + 1):
        received = receiver.receive()
        assert isinstance(received, Window)
        assert_same(received, window)
    waiting.join(timeout=30.0)
    assert not waiting.is_alive()
    receiver.close()
    theirs.close()


def test_where_there_is_too_little_address_space_no_memory_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "SLOT_BYTES", 1 << 46)
    assert shared_memory() is None


def test_a_worker_that_failed_says_so_in_place_of_a_window() -> None:
    ours, theirs = multiprocessing.Pipe()
    WindowSender(theirs, None).fail(RuntimeError("no more people"))
    received = WindowReceiver(ours, None).receive()
    assert isinstance(received, RuntimeError)
    assert str(received) == "no more people"
    ours.close()
    theirs.close()
