"""Measures of how people move, as they are defined in the literature: small, in numpy alone.

Distances are kilometres, times seconds since the first midnight unless a name says otherwise.
"""

from __future__ import annotations

from collections import Counter
from itertools import groupby, pairwise, permutations, product

import numpy as np
import numpy.typing as npt

from benchmarks.realism.traces import Traces
from simulator.core.numerics import FloatArray, IntArray
from simulator.world import geodesy

# The law of González, Hidalgo and Barabási: (r + r0)^-beta * exp(-r / kappa), with their r0 and kappa.
JUMP_R0_KM, JUMP_KAPPA_KM = 1.5, 400.0
GYRATION_R0_KM, GYRATION_KAPPA_KM = 5.8, 350.0
# It is fitted where it can be seen: published positions are those of radio cells, kilometres apart, and no trip can
# leave the made-up country.
FITTED_KM = (1.0, 100.0)
# Networks of up to so many locations are compared in every order of the locations that are alike.
_COMPARED_SIZE = 7
_BETAS = np.arange(0.5, 3.5, 0.005)


Network = tuple[tuple[int, int], ...]


def trip_lengths(traces: Traces) -> FloatArray:
    """Kilometres of each trip, straight."""
    to = np.flatnonzero(traces.moved)
    lat, lon = traces.latitude, traces.longitude
    kilometres: FloatArray = geodesy.distance(lat[to - 1], lon[to - 1], lat[to], lon[to]) / 1000.0
    return kilometres


def law_exponent(
    values: FloatArray, r0: float, kappa: float, fitted: tuple[float, float] = FITTED_KM
) -> float:
    """The beta with the greatest likelihood for ``values`` within ``fitted``."""
    low, high = fitted
    values = values[(values >= low) & (values <= high)]
    r = np.linspace(low, high, 20_001)
    likelihood = []
    for beta in _BETAS:
        density = (r + r0) ** -beta * np.exp(-r / kappa)
        whole = (density[:-1] + density[1:]).sum() * (r[1] - r[0]) / 2.0
        likelihood.append((-beta * np.log(values + r0) - values / kappa).mean() - np.log(whole))
    return float(_BETAS[int(np.argmax(likelihood))])


def radius_of_gyration(traces: Traces) -> FloatArray:
    """Kilometres for each person: root of the mean squared distance of all visits from their middle."""
    x, y, z = geodesy.geocentric(traces.latitude, traces.longitude)
    visits = np.bincount(traces.person, minlength=traces.people)
    squared = np.zeros(traces.people)
    for axis in (x, y, z):
        middle = np.bincount(traces.person, axis, traces.people) / visits
        squared += np.bincount(traces.person, (axis - middle[traces.person]) ** 2, traces.people)
    kilometres: FloatArray = np.sqrt(squared / visits) / 1000.0
    return kilometres


def visits_by_person(traces: Traces) -> list[IntArray]:
    """How often each person was at each of the person's locations, most visited first."""
    ends = np.searchsorted(traces.person, np.arange(traces.people + 1))
    return [
        np.sort(np.unique(traces.location[first:last], return_counts=True)[1])[::-1]
        for first, last in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)
    ]


def zipf_exponent(visits: list[IntArray]) -> tuple[float, int]:
    """The slope of visit frequency over rank, and the last rank of the fit.

    The frequency at a rank is the mean over those who have been to so many locations; the fit goes to the rank that
    half of the people have, evenly over the logarithm of the rank.
    """
    last = int(np.median([len(counts) for counts in visits]))
    ranks = np.unique(np.geomspace(1, last, 12).astype(int))
    frequency = [
        np.mean([counts[rank - 1] / counts.sum() for counts in visits if len(counts) >= rank])
        for rank in ranks.tolist()
    ]
    return -_slope(ranks, frequency), last


def distinct_locations(traces: Traces) -> tuple[IntArray, FloatArray]:
    """Days, and the mean number of different locations that people have been to by then."""
    days = np.unique(np.geomspace(1, traces.days, 13).round().astype(int))
    pair = traces.person * (traces.location.max() + 1) + traces.location
    _, first = np.unique(pair, return_index=True)  # rows are in order of time: the first visit
    seen = [float((traces.arrive[first] < day * 86_400.0).sum()) / traces.people for day in days.tolist()]
    return days, np.array(seen)


def distinct_exponent(traces: Traces) -> float:
    """The slope of the number of different locations over time, from the first day to the last."""
    return _slope(*distinct_locations(traces))


def share_of_new(traces: Traces) -> float:
    """Share of trips to a location where the person has not been before."""
    pair = traces.person * (traces.location.max() + 1) + traces.location
    first = np.zeros(len(pair), dtype=np.bool_)
    first[np.unique(pair, return_index=True)[1]] = True
    return float(first[traces.moved].mean())


def visited_once(visits: list[IntArray]) -> float:
    """Share of a person's locations with one visit, mean over people."""
    return float(np.mean([(counts == 1).mean() for counts in visits]))


def stays(traces: Traces) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Hours of each stay between two trips, and which of them are outside (neither at home nor at work)."""
    whole = traces.moved & np.concatenate([traces.moved[1:], [False]])
    hours = (traces.depart - traces.arrive)[whole] / 3600.0
    return hours, traces.outside[whole]


def waiting_exponent(hours: FloatArray, cutoff: float = 17.0, shortest: float = 1.0) -> float:
    """The beta of t^-(1 + beta) * exp(-t / cutoff) with the greatest likelihood for stays of at least ``shortest``."""
    hours = hours[hours >= shortest]
    t = np.geomspace(shortest, 40.0 * cutoff, 20_001)
    likelihood = []
    betas = np.arange(-1.0, 3.0, 0.005)
    for beta in betas:
        density = t ** (-1.0 - beta) * np.exp(-t / cutoff)
        whole = ((density[:-1] + density[1:]) * np.diff(t)).sum() / 2.0
        likelihood.append((-(1.0 + beta) * np.log(hours) - hours / cutoff).mean() - np.log(whole))
    return float(betas[int(np.argmax(likelihood))])


def daily_motifs(traces: Traces) -> Counter[Network]:
    """How often each network of a day occurs: directed trips between the locations of that day.

    Locations are numbered as they are first seen on that day, the one of the night before first. Networks that
    are equal but for the order in which locations were seen count as one, as in Schneider et al. 2013.
    """
    day = (traces.arrive // 86_400.0).astype(np.int64)
    found: Counter[Network] = Counter()
    rows = np.flatnonzero(traces.moved)
    code = traces.person[rows] * (traces.days + 2) + day[rows]
    starts = np.flatnonzero(np.concatenate([[True], code[1:] != code[:-1]]))
    location = traces.location.tolist()
    rows_list = rows.tolist()
    for first, last in zip(starts.tolist(), [*starts[1:].tolist(), len(rows)], strict=True):
        way = [location[rows_list[first] - 1], *(location[row] for row in rows_list[first:last])]
        found[_network(way)] += 1
    found[()] = traces.people * traces.days - found.total()  # days at home
    motifs: Counter[Network] = Counter()
    for network, count in found.items():
        motifs[canonical(network)] += count
    return motifs


def motif_coverage(motifs: Counter[Network], number: int = 17) -> float:
    """Share of days that the most frequent motifs cover."""
    return sum(count for _, count in motifs.most_common(number)) / motifs.total()


def departures(traces: Traces) -> FloatArray:
    """Share of trips that start in each hour of a working day."""
    rows = np.flatnonzero(traces.moved) - 1
    leave = traces.depart[rows]
    working = (leave // 86_400.0).astype(np.int64) % 7 < 5  # the first day is a Monday
    hours = np.bincount(((leave[working] % 86_400.0) // 3600.0).astype(np.int64), minlength=24)
    shares: FloatArray = hours / hours.sum()
    return shares


def peaks(shares: FloatArray) -> list[int]:
    """The hours in which more trips start than in the hours before and after, the two highest, in order of time."""
    higher = [
        hour for hour in range(1, 23) if shares[hour] > shares[hour - 1] and shares[hour] >= shares[hour + 1]
    ]
    return sorted(sorted(higher, key=lambda hour: -shares[hour])[:2])


def _network(way: list[int]) -> Network:
    number: dict[int, int] = {}
    steps = [number.setdefault(location, len(number)) for location in way]
    return tuple(sorted({(a, b) for a, b in pairwise(steps) if a != b}))


def canonical(network: Network) -> Network:
    """The same for networks that differ only in the order in which their locations were seen.

    Beyond seven locations only the degrees are compared; then networks that are equal may count as two.
    """
    size = 1 + max((max(edge) for edge in network), default=0)
    degrees = [
        (sum(a == node for a, _ in network), sum(b == node for _, b in network), (node, node) in network)
        for node in range(size)
    ]
    order = sorted(range(size), key=lambda node: degrees[node])
    if size > _COMPARED_SIZE:
        return _renumbered(network, order)
    alike = [list(nodes) for _, nodes in groupby(order, key=lambda node: degrees[node])]
    return min(
        _renumbered(network, [node for nodes in chosen for node in nodes])
        for chosen in product(*(permutations(nodes) for nodes in alike))
    )


def _renumbered(network: Network, order: list[int]) -> Network:
    number = {node: place for place, node in enumerate(order)}
    return tuple(sorted((number[a], number[b]) for a, b in network))


def _slope(x: object, y: object) -> float:
    return float(np.polyfit(np.log(np.asarray(x, dtype=float)), np.log(np.asarray(y, dtype=float)), 1)[0])
