"""The table of ``make realism``: each published figure, the simulated one, and whether it lies in the band."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.realism import measures
from benchmarks.realism.traces import Traces

MILE_KM = 1.609344
# Published distances are travelled: those of the model are straight, and longer by this on its ways [a].
DETOUR = 1.3


@dataclass(frozen=True, slots=True)
class Row:
    """One statistic. ``low`` and ``high`` are the published band, ends included."""

    statistic: str
    published: str
    source: str
    low: float
    high: float
    simulated: float
    goal: bool = False
    """Whether the model is meant to meet it."""
    why_not: str = ""
    """Why it need not lie within the band."""
    shown: str = ""
    """The simulated value as text, by default with three digits."""

    @property
    def within(self) -> bool:
        """Whether the simulated value lies in the published band."""
        return self.low <= self.simulated <= self.high

    @property
    def text(self) -> str:
        """The simulated value."""
        return self.shown or f"{self.simulated:.3g}"


def rows(traces: Traces) -> list[Row]:
    """All rows of the table."""
    lengths = measures.trip_lengths(traces)
    visits = measures.visits_by_person(traces)
    return [
        *_space(traces, lengths, visits),
        *_time(traces),
        *_days(traces),
        *_trips(traces, lengths),
    ]


def _space(traces: Traces, lengths: np.ndarray, visits: list[np.ndarray]) -> list[Row]:
    low, high = measures.FITTED_KM
    zipf, last = measures.zipf_exponent(visits)
    gyration = measures.radius_of_gyration(traces)
    return [
        Row(
            f"jump length, exponent ({low:g} to {high:g} km)",
            "1.75 ± 0.15 [m]",
            "González et al. 2008",
            1.60,
            1.90,
            measures.law_exponent(lengths, measures.JUMP_R0_KM, measures.JUMP_KAPPA_KM),
            goal=True,
        ),
        Row(
            f"radius of gyration, exponent ({low:g} to {high:g} km)",
            "1.65 ± 0.15 [m]",
            "González et al. 2008",
            1.50,
            1.80,
            measures.law_exponent(gyration, measures.GYRATION_R0_KM, measures.GYRATION_KAPPA_KM),
            why_not="the published one is over people of a whole country for half a year, holidays and moves among "
            "them; here everybody sleeps at home every night, and nobody leaves a country 320 km wide",
        ),
        Row(
            f"visits by rank, Zipf exponent (ranks 1 to {last})",
            "1.2 ± 0.1 [m]",
            "Song et al. 2010",
            1.1,
            1.3,
            zipf,
            goal=True,
        ),
        Row(
            f"distinct locations over time, exponent (day 1 to {traces.days})",
            "0.6 ± 0.02 [m]",
            "Song et al. 2010",
            0.58,
            0.62,
            measures.distinct_exponent(traces),
            goal=True,
        ),
        Row(
            "share of trips to a new location",
            "20 to 25 % [v]",
            "EPJ Data Science 2017",
            0.20,
            0.25,
            new := measures.share_of_new(traces),
            why_not="it follows from the number of distinct locations and of trips, and both are goals here: "
            "a share of 20 % would make more than 40 locations in 60 days, and the exponent above too large",
            shown=f"{new:.1%}",
        ),
        Row(
            "share of locations visited once",
            "about 70 % [v]",
            "EPJ Data Science 2017",
            0.65,
            0.75,
            once := measures.visited_once(visits),
            why_not="as above: with fewer new locations, more of the visits go to each",
            shown=f"{once:.1%}",
        ),
    ]


def _time(traces: Traces) -> list[Row]:
    hours, outside = measures.stays(traces)
    by_day = outside & ((traces.arrive % 86_400.0) < 19 * 3600.0)[_whole(traces)]
    return [
        Row(
            "waiting time, exponent (all stays from 1 h)",
            "0.8 ± 0.1 [v]",
            "Song et al. 2010",
            0.7,
            0.9,
            measures.waiting_exponent(hours),
            why_not="nights and working days have a length of their own and make most of the long stays",
        ),
        Row(
            "the same, stays at places only",
            "0.8 ± 0.1 [v]",
            "Song et al. 2010",
            0.7,
            0.9,
            measures.waiting_exponent(hours[outside]),
            why_not="errands last log-normally long, with a mean that was measured in stores",
        ),
        Row(
            "time at a place by day, mean",
            "29 to 37 min [v]",
            "large stores, Placer.ai 2024",
            28.7,
            37.3,
            minutes := float(hours[by_day].mean() * 60.0),
            shown=f"{minutes:.0f} min",
        ),
    ]


def _whole(traces: Traces) -> np.ndarray:
    return traces.moved & np.concatenate([traces.moved[1:], [False]])


def _days(traces: Traces) -> list[Row]:
    motifs = measures.daily_motifs(traces)
    coverage = measures.motif_coverage(motifs)
    morning, evening = [*measures.peaks(measures.departures(traces)), -1, -1][:2]
    return [
        Row(
            "daily motifs: share of days that 17 cover",
            "up to 90 % [v]",
            "Schneider et al. 2013",
            0.90,
            1.0,
            coverage,
            goal=True,
            shown=f"{coverage:.1%}",
        ),
        Row(
            "morning peak of departures on working days",
            "08:00 to 10:00 [v]",
            "BerlinMOD",
            8.0,
            9.0,
            float(morning),
            goal=True,
            shown=_hour(morning),
        ),
        Row(
            "afternoon peak",
            "16:00 to 18:00 [v]",
            "BerlinMOD",
            16.0,
            17.0,
            float(evening),
            goal=True,
            shown=_hour(evening),
        ),
    ]


def _hour(hour: int) -> str:
    return f"{hour:02}:00 to {hour + 1:02}:00" if hour >= 0 else "none"


def _trips(traces: Traces, lengths: np.ndarray) -> list[Row]:
    miles = lengths * DETOUR / MILE_KM
    below_1, below_3, beyond_50 = (float(share.mean()) for share in (miles < 1.0, miles < 3.0, miles > 50.0))
    distances = "BTS, University of Maryland 2021"
    two = (
        "the published law of jump lengths has more short trips than the survey, and the law is the goal here"
    )
    return [
        Row(
            "trips per person and day",
            "3.37 (2017) to 4 (2001) [m]",
            "NHTS, BTS",
            3.37,
            4.0,
            float(traces.moved.sum()) / traces.people / traces.days,
            goal=True,
        ),
        Row(
            "trips below 1 mile",
            "28 % [v]",
            distances,
            0.23,
            0.33,
            below_1,
            why_not=two,
            shown=f"{below_1:.1%}",
        ),
        Row(
            "trips below 3 miles",
            "52 % [v]",
            distances,
            0.47,
            0.57,
            below_3,
            why_not=two,
            shown=f"{below_3:.1%}",
        ),
        Row(
            "trips beyond 50 miles",
            "2 % [v]",
            distances,
            0.01,
            0.03,
            beyond_50,
            shown=f"{beyond_50:.1%}",
        ),
    ]
