"""Several destinations at once, and by source."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.errors import DeliveryError, UsageError
from simulator.delivery import (
    Batch,
    DeliveryStats,
    Destination,
    FanOut,
    Fate,
    FileDestination,
    Member,
    Receipt,
    UndeliveredFiles,
    make_destinations,
    read_events,
)
from simulator.scenario.models import SOURCES
from simulator.scenario.models import Destination as Spec
from tests.delivery.misbehaving import MisbehavingServer, Reply, good
from tests.delivery.sending import events, tally


@dataclass
class Memory:
    """Keeps what it gets and decides as told."""

    decide: dict[bytes, Fate] = field(default_factory=dict)
    got: list[bytes] = field(default_factory=list)
    description: str = "memory"
    stats: DeliveryStats = field(default_factory=DeliveryStats)
    trouble: str = ""
    interrupted: bool = False
    speaks_edge: bool = False

    async def open(self) -> None:
        """Nothing to open."""

    async def send(self, batch: Batch) -> Receipt:
        if self.trouble:
            raise DeliveryError(self.trouble)
        self.got += batch.bodies
        fates = np.array([self.decide.get(body, Fate.ACKNOWLEDGED) for body in batch.bodies], dtype=np.uint8)
        reasons = dict.fromkeys(np.flatnonzero(fates != Fate.ACKNOWLEDGED).tolist(), "because")
        return Receipt(fates, reasons)

    def interrupt(self) -> None:
        self.interrupted = True

    async def close(self) -> None:
        """Nothing to close."""


def send(destination: Destination, *batches: Batch) -> list[Receipt]:
    async def run() -> list[Receipt]:
        await destination.open()
        try:
            return [await destination.send(batch) for batch in batches]
        finally:
            await destination.close()

    return asyncio.run(run())


def of_sources(*names: str) -> Batch:
    sources = np.array([SOURCES.index(name) for name in names], dtype=np.uint8)  # type: ignore[arg-type]
    return Batch(events(len(names)), sources=sources)


def test_every_destination_gets_every_event_in_order() -> None:
    one, two = Memory(), Memory()
    (receipt,) = send(FanOut([Member("one", one), Member("two", two)]), Batch(events(5)))
    assert one.got == two.got == events(5)
    assert tally(receipt) == {"ACKNOWLEDGED": 5}


def test_events_go_where_their_source_is_wanted() -> None:
    edge, inlet = Memory(), Memory()
    members = [Member("edge", edge, ("phone",)), Member("inlet", inlet, ("till", "loyalty"))]
    batch = of_sources("phone", "till", "phone", "loyalty", "web")
    (receipt,) = send(FanOut(members), batch)
    assert (edge.got, inlet.got) == ([batch.bodies[0], batch.bodies[2]], [batch.bodies[1], batch.bodies[3]])
    assert tally(receipt) == {"PENDING": 1, "ACKNOWLEDGED": 4}
    assert receipt.reasons == {4: "no destination takes events of this source"}


def test_what_only_the_edge_network_understands_goes_nowhere_else() -> None:
    edge, other = Memory(speaks_edge=True), Memory()
    batch = Batch(events(3), edge_only=np.array([False, True, False]))
    (receipt,) = send(FanOut([Member("edge", edge), Member("other", other)]), batch)
    assert (edge.got, other.got) == (batch.bodies, [batch.bodies[0], batch.bodies[2]])
    assert tally(receipt) == {"ACKNOWLEDGED": 3}


ANSWERS = st.sampled_from([Fate.PENDING, Fate.ACKNOWLEDGED, Fate.REJECTED])


@given(st.lists(st.tuples(ANSWERS, ANSWERS), max_size=20))
def test_an_event_is_acknowledged_when_all_have_it_and_pending_while_one_is_undecided(
    fates: list[tuple[Fate, Fate]],
) -> None:
    bodies = events(len(fates))
    one, two = (
        (Memory(dict(zip(bodies, column, strict=True))) for column in zip(*fates, strict=True))
        if fates
        else (Memory(), Memory())
    )
    (receipt,) = send(FanOut([Member("one", one), Member("two", two)]), Batch(bodies))
    for fate, pair in zip(receipt.fates.tolist(), fates, strict=True):
        if Fate.PENDING in pair:
            assert fate == Fate.PENDING
        elif Fate.REJECTED in pair:
            assert fate == Fate.REJECTED
        else:
            assert fate == Fate.ACKNOWLEDGED
    assert set(receipt.reasons) == set(np.flatnonzero(receipt.fates != Fate.ACKNOWLEDGED).tolist())


def test_a_destination_that_fails_leaves_its_events_pending_and_the_others_go_on() -> None:
    good_one, bad = Memory(), Memory(trouble="the disk is full")
    fan = FanOut([Member("good", good_one), Member("bad", bad)])

    async def run() -> list[Receipt]:
        await fan.open()
        receipts = [await fan.send(Batch(events(2))), await fan.send(Batch(events(3)))]
        with pytest.raises(DeliveryError, match="bad: the disk is full"):
            await fan.close()
        return receipts

    receipts = asyncio.run(run())
    assert [tally(receipt) for receipt in receipts] == [{"PENDING": 2}, {"PENDING": 3}]
    assert receipts[0].reasons[0] == "bad: the disk is full"
    assert good_one.got == [*events(2), *events(3)]


def test_each_gets_its_share_and_says_at_once_what_became_of_it() -> None:
    bodies = events(6)
    heard: list[tuple[str, list[int], Fate]] = []
    with MisbehavingServer(lambda r: Reply(400) if r.events[0]["_id"] == "e-3" else good(r)) as server:
        inlet = make_destinations({"": Spec(to=server.url)}, lambda spec: Memory())
        other = Memory()
        batch = Batch(
            bodies,
            shares={"inlet": np.array([1, 3, 4]), "other": np.array([0, 4])},
            on_settled=lambda indices, fate: pytest.fail("one member's word is not that of all"),
            on_settled_at=lambda name, indices, fate: heard.append((name, list(indices), fate)),
        )
        (receipt,) = send(FanOut([Member("inlet", inlet), Member("other", other)]), batch)
    assert other.got == [bodies[0], bodies[4]]
    assert sorted(heard) == [
        ("inlet", [1], Fate.ACKNOWLEDGED),
        ("inlet", [3], Fate.REJECTED),
        ("inlet", [4], Fate.ACKNOWLEDGED),
    ]
    assert {name: indices.tolist() for name, (indices, _) in receipt.parts.items()} == {
        "inlet": [1, 3, 4],
        "other": [0, 4],
    }


def test_what_may_have_arrived_at_one_is_in_doubt_as_a_whole() -> None:
    with MisbehavingServer(lambda r: Reply(500, takes=True)) as server:
        inlet = make_destinations({"": Spec(to=server.url, give_up_after=0.2)}, lambda spec: Memory())
        fan = FanOut([Member("other", Memory()), Member("inlet", inlet, ("till",))])
        (receipt,) = send(fan, of_sources("phone", "till", "phone"))
    assert receipt.doubtful == {1}
    assert receipt.parts["inlet"][1].doubtful == {0}


def test_an_interruption_reaches_all_that_can_hear_it() -> None:
    one, two = Memory(), Memory()
    FanOut([Member("one", one), Member("two", two)]).interrupt()
    assert one.interrupted and two.interrupted


def test_each_destination_has_what_it_lacks_in_a_file_of_its_own(tmp_path: Path) -> None:
    bodies = events(4)
    one = Memory({bodies[1]: Fate.PENDING, bodies[2]: Fate.PENDING})
    two = Memory({bodies[2]: Fate.PENDING, bodies[3]: Fate.REJECTED})
    fan = FanOut([Member("one", one), Member("two", two), Member("three", Memory())])
    files = UndeliveredFiles(tmp_path / "undelivered.ndjson")
    (receipt,) = send(fan, Batch(bodies))
    files.keep(Batch(bodies), receipt)
    files.close()
    assert files.count == 2
    assert {path.name: list(read_events(path)) for path in tmp_path.iterdir()} == {
        "undelivered.ndjson": [bodies[1], bodies[2]],
        "undelivered.one.ndjson": [bodies[1], bodies[2]],
        "undelivered.two.ndjson": [bodies[2]],
    }
    assert files.file_of("three") is None


def test_a_file_and_an_endpoint_over_the_network_together(tmp_path: Path) -> None:
    with MisbehavingServer(lambda r: Reply(400) if r.events[0]["_id"] == "e-3" else good(r)) as server:
        specs = {
            "inlet": Spec(to=server.url, connections=4),
            "copy": Spec(to=f"file:{tmp_path / 'copy.ndjson'}"),
        }
        destination = make_destinations(specs, lambda spec: Memory())
        (receipt,) = send(destination, Batch(events(10)))
    assert tally(receipt) == {"ACKNOWLEDGED": 9, "REJECTED": 1}
    assert receipt.reasons == {3: "inlet: 400: {}"}
    assert list(read_events(tmp_path / "copy.ndjson")) == events(10)
    assert destination.stats.requests == 10
    assert destination.stats.statuses == {"200": 9, "400": 1}
    assert destination.stats.latency.sent().count == 10


def test_one_destination_for_everything_stands_for_itself(tmp_path: Path) -> None:
    made = make_destinations({"": Spec(to=f"file:{tmp_path}/a.ndjson")}, lambda spec: Memory())
    assert isinstance(made, FileDestination)


def test_two_destinations_cannot_write_the_same_file() -> None:
    specs = {"a": Spec(to="file:x.ndjson"), "b": Spec(to="file:x.ndjson")}
    with pytest.raises(UsageError, match=r"destinations\.b: file:x\.ndjson is written by destinations\.a"):
        make_destinations(specs, lambda spec: Memory())


def test_when_one_cannot_be_opened_none_is() -> None:
    with MisbehavingServer(good) as server:
        specs = {"a": Spec(to=server.url), "b": Spec(to="file:/no/such/folder/x.ndjson")}
        destination = make_destinations(specs, lambda spec: Memory())
        with pytest.raises(UsageError, match="does not exist"):
            asyncio.run(destination.open())
