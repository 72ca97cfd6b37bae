"""All cohorts of one worker, advanced window by window."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from simulator.core.simtime import MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND, Calendar
from simulator.journeys import Plan, make_plan
from simulator.people import CohortSpec, Populator, cohort_specs
from simulator.phone import Unreported
from simulator.run.calling import Calling, Outbound, PushToCome
from simulator.run.evaluation import JourneyTap
from simulator.run.model import CohortModel
from simulator.run.observations import Message
from simulator.run.onlooker import Onlooker
from simulator.run.pacing import WallClock
from simulator.run.phones import ModelContext, RegionServices
from simulator.run.window import Census, Window, make_window
from simulator.scenario.models import Scenario
from simulator.sdk import EventForms, Hit, HitList, Network, Route, SdkRecord, SdkShared
from simulator.world import ATTRIBUTION, PlaceSet, RoadNetwork, TownSet, TrackSet, is_osm

# About this many people times hours fill a window: enough to keep bulk work bulky, little enough to hold.
_PEOPLE_HOURS_PER_WINDOW = 20_000
# Most people in a cohort that is dealt to a worker, where there are no journeys: there it changes no result.
_LARGE_COHORT = 5_000


@dataclass(frozen=True, slots=True)
class World:
    """Everything that a worker needs to make its people: the scenario with its files read."""

    scenario: Scenario
    places: PlaceSet
    towns: Mapping[str, TownSet]
    sizes: Mapping[str, int]
    tracks: Mapping[str, TrackSet] = field(default_factory=dict)
    roads: RoadNetwork | None = None
    calling: Calling | None = None
    """Which calls of journeys really go out; None for none."""

    @property
    def people(self) -> int:
        """Number of people in the run."""
        return sum(self.sizes.values())

    @property
    def attribution(self) -> tuple[str, ...]:
        """Whom to name wherever the run's map is shown, because the data are theirs."""
        libraries = self.scenario.places
        mapped = any(one.format == "osm" or (one.file and is_osm(one.file)) for one in libraries)
        return (ATTRIBUTION,) if mapped or self.roads is not None else ()

    @property
    def speaks_edge(self) -> bool:
        """Whether some of the events go to an Edge Network."""
        specs = self.scenario.all_destinations().values()
        return any(spec.to.startswith("edge:") for spec in specs)

    def journey_plan(self) -> Plan | None:
        """The journeys of the scenario, ready to run; None if it has none."""
        journeys = self.scenario.journeys
        return None if journeys is None else make_plan(journeys, self.scenario.clock.timezone)[0]

    def populator(self) -> Populator:
        """What makes the people."""
        return Populator(self.scenario, self.places, self.towns, self.tracks, self.roads)

    @property
    def calendar(self) -> Calendar:
        """The run's calendar."""
        return self.scenario.clock.calendar

    @property
    def duration_ms(self) -> int:
        """Length of the run in virtual milliseconds."""
        return max(1, round(self.scenario.clock.duration * MS_PER_SECOND))

    def cohorts(self) -> list[CohortSpec]:
        """All cohorts of the run."""
        return list(cohort_specs(self.sizes))

    def dealt(self, workers: int) -> list[list[CohortSpec]]:
        """The cohorts of each worker: the same people of each group to all, in larger cohorts, which take less work.

        With journeys they are those of any number of workers: each cohort has its share of every cap.
        """
        if self.scenario.journeys is not None:
            cohorts = self.cohorts()
        else:
            cohorts = list(cohort_specs(self.sizes, _LARGE_COHORT, multiple=workers))
        return [cohorts[number::workers] for number in range(workers)]

    def windows(self) -> Iterator[tuple[int, int]]:
        """The windows of a run at full speed: (start, end) in virtual milliseconds."""
        length = _PEOPLE_HOURS_PER_WINDOW * MS_PER_HOUR // max(1, self.people)
        length = min(max(length, MS_PER_MINUTE), MS_PER_HOUR)
        for start in range(0, self.duration_ms, length):
            yield start, min(start + length, self.duration_ms)


@contextlib.contextmanager
def without_collector() -> Iterator[None]:
    """Switch Python's cycle collector off: people live as long as the run, and the model makes no cycles."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class Simulation:
    """The cohorts that one worker was dealt, each in its own environment."""

    def __init__(
        self,
        world: World,
        specs: Sequence[CohortSpec],
        on_people: Callable[[int, int], None] = lambda made, people: None,
        onlooker: Onlooker | None = None,
    ) -> None:
        """Make the people; ``on_people`` is told how many are made, of how many.

        With an ``onlooker`` people can be led by hand (:attr:`CohortModel.led`).
        """
        populator = world.populator()
        self._calendar = world.calendar
        forms = EventForms(world.scenario.app, world.places, self._calendar)
        network = Network(world.scenario.network, self._calendar, world.duration_ms)
        self._uplink = HitList()
        self._routes = forms.routes
        # Kinds of events that no destination but the Edge Network understands, if there is none.
        edge_only = {kind for kind, route in enumerate(forms.routes) if route == Route.EDGE_ONLY}
        self._foreign = frozenset() if world.speaks_edge else frozenset(edge_only)
        self._left_out = 0
        plan = world.journey_plan()
        self.outbound: Outbound | None = None
        """What makes the calls of journeys that really go out, if there are any."""
        if plan is not None and world.calling is not None:
            self.outbound = Outbound(plan, world.calling, WallClock())
        evaluated = plan if plan is not None and plan.model.evaluation == "local" else None
        tap = None if evaluated is None else JourneyTap(evaluated, self._uplink.post, self._routes)
        post = self._uplink.post if tap is None else tap.post
        self._record = SdkRecord(post, round(world.scenario.network.late_after * MS_PER_SECOND))
        context = ModelContext(
            scenario=world.scenario,
            places=world.places,
            calendar=self._calendar,
            duration_ms=world.duration_ms,
            sdk=SdkShared(forms, network, self._record),
            services=RegionServices(world.places),
            journeys=plan,
            people=world.people,
            onlooker=onlooker,
            outbound=self.outbound,
        )
        self._unreported = Unreported()
        self.models: list[CohortModel] = []
        """The cohorts."""
        people, made = sum(spec.size for spec in specs), 0
        for spec in specs:
            cohort = populator.populate(spec)
            model = CohortModel(context, cohort, self._unreported)
            self.models.append(model)
            if tap is not None and model.evaluation is not None:
                tap.add(spec.first_person, model.evaluation)
            made += spec.size
            on_people(made, people)
        self._now = 0

    @property
    def now(self) -> int:
        """Virtual time: everything before has happened."""
        return self._now

    def model_of(self, person: int) -> CohortModel:
        """The cohort of a person (ordinal within the run)."""
        for model in self.models:
            if 0 <= person - model.first_person < model.people:
                return model
        raise LookupError(person)

    def close(self) -> None:
        """Make no more calls."""
        if self.outbound is not None:
            self.outbound.close()

    def announce(self, person: int, name: str, message: Message | None = None) -> bool:
        """A person (ordinal within the run) receives a message at the time that the simulation has got to.

        ``message`` is as a push service delivers it. Whether the person is one of this worker's who act by a script.
        """
        for model in self.models:
            local = person - model.first_person
            if model.scripts is not None and 0 <= local < model.people:
                model.scripts.observations.announce(local, name, message, at=self._now)
                return True
        return False

    def take(self, push: PushToCome) -> None:
        """A push message is sent to a person of this worker's."""
        for model in self.models:
            if model.evaluation is not None and 0 <= push.person - model.first_person < model.people:
                model.evaluation.hand_over(push._replace(at=max(push.at, self._now)))
                return

    def advance(self, until: int, *, fleeting: bool = False) -> Window:
        """Run everything that happens before ``until`` and return what was sent.

        The events of a ``fleeting`` window are made when they are asked for, each time anew.
        """
        if self.outbound is not None:
            self.outbound.settle(self._now)
        for model in self.models:
            model.env.run_before(until)
        hits = self._understood(self._uplink.collect())
        lost = self._unreported.collect() + self._record.collect()
        pending = self._unreported.pending() + self._record.pending()
        census = self._census(until)
        journal = [
            row for model in self.models if model.evaluation is not None for row in model.evaluation.collect()
        ]
        window = make_window(
            self._now, until, hits, self._calendar, census, self._routes, lost, pending, journal
        )
        self._now = until
        if not fleeting:
            window.bodies = list(window.bodies)
        return window

    def _understood(self, hits: list[Hit]) -> list[Hit]:
        """The hits that a destination of the run understands; the others are only counted."""
        foreign = self._foreign
        if not foreign:
            return hits
        # What has a crossing is never left out: its outcome is still to come.
        kept = [hit for hit in hits if hit[2] not in foreign or hit[1].source or hit[7] is not None]
        self._left_out += len(hits) - len(kept)
        return kept

    def _census(self, until: int) -> Census:
        total = Census()
        for model in self.models:
            total += Census(model.crossings_before(until), model.inside_at_start, model.phones_by_os)
            if model.scripts is not None:
                total.script_steps += model.scripts.done
                total.waits_in_vain += model.scripts.in_vain
        total.stray_regions = self._record.stray
        total.failed_attempts = self._record.failed
        total.left_out = self._left_out
        return total
