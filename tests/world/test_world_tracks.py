"""Recorded tracks, from GPX and CSV files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simulator.core.errors import InputError
from simulator.scenario.models import Trace, TraceColumns
from simulator.world import TrackSet, geodesy, load_tracks
from tests.shared_files import shared_path
from tests.world.making import written

BERLIN = ZoneInfo("Europe/Berlin")
ROWS = "time,latitude,longitude\n2026-03-02T09:00:00Z,52.5,13.4\n2026-03-02T09:10:00Z,52.51,13.4\n"


def load(file: Path, **more: Any) -> TrackSet:
    field = ("people", "walkers", "trace")
    return load_tracks(
        Trace(file=file, **more), BERLIN, lambda path: (len(path), 1), file="s.yaml", field=field
    )


def problems(file: Path, **more: Any) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(file, **more)
    return [str(problem).replace(str(file), file.name) for problem in caught.value.problems]


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def gpx(*tracks: str) -> str:
    return '<?xml version="1.0"?>\n<gpx version="1.1" creator="test">\n' + "\n".join(tracks) + "\n</gpx>\n"


def trk(name: str, *segments: str) -> str:
    return f"<trk><name>{name}</name>\n" + "\n".join(f"<trkseg>\n{s}\n</trkseg>" for s in segments) + "</trk>"


def point(lat: object, lon: object, time: str = "") -> str:
    return f'<trkpt lat="{lat}" lon="{lon}">' + (f"<time>{time}</time>" if time else "") + "</trkpt>"


MORNING = trk(
    "Morning", point(52.5, 13.4, "2026-03-02T09:00:00Z") + "\n" + point(52.51, 13.4, "2026-03-02T09:10:00Z")
)
NOON = trk("Noon", point(52.52, 13.4, "2026-03-02T12:00:00Z") + point(52.53, 13.4, "2026-03-02T12:01:00Z"))
DRAWN = trk("Drawn", "\n".join(point(52.5, lon) for lon in (13.4, 13.41, 13.43)))


def test_a_gpx_track_is_read_as_points_with_their_instants(tmp_path: Path) -> None:
    (track,) = load(written(tmp_path, "walk.gpx", gpx(MORNING))).tracks
    assert track.name == "Morning"
    assert track.time.tolist() == [ms("2026-03-02T09:00"), ms("2026-03-02T09:10")]
    assert (track.latitude.tolist(), track.longitude.tolist()) == ([52.5, 52.51], [13.4, 13.4])
    assert track.dated
    assert not track.unrecorded.any()


def test_all_tracks_of_a_gpx_file_follow_each_other_by_time_and_nothing_is_known_in_between(
    tmp_path: Path,
) -> None:
    (track,) = load(written(tmp_path, "walk.gpx", gpx(NOON, MORNING))).tracks
    assert track.latitude.tolist() == [52.5, 52.51, 52.52, 52.53]
    assert track.unrecorded.tolist() == [False, False, True, False]


def test_one_track_of_a_gpx_file_can_be_chosen_by_its_name(tmp_path: Path) -> None:
    file = written(tmp_path, "walk.gpx", gpx(MORNING, NOON))
    (track,) = load(file, track="Noon").tracks
    assert track.latitude.tolist() == [52.52, 52.53]
    assert problems(file, track="Moon") == [
        "s.yaml:4:1: people.walkers.trace.track: walk.gpx has no track 'Moon'; did you mean 'Noon'?"
    ]


def test_a_track_without_times_is_left_out_when_others_have_them(tmp_path: Path) -> None:
    tracks = load(written(tmp_path, "walk.gpx", gpx(DRAWN, MORNING)))
    assert [track.name for track in tracks.tracks] == ["Morning"]
    (warning,) = tracks.warnings
    assert "left out what has no times: Drawn" in str(warning)


def test_a_track_without_times_is_walked_at_the_given_pace(tmp_path: Path) -> None:
    file = written(tmp_path, "walk.gpx", gpx(DRAWN))
    (track,) = load(file, pace=2.0).tracks
    metres = geodesy.distance(52.5, 13.4, 52.5, 13.41)
    assert not track.dated
    assert track.time[0] == 0
    assert track.time[1] == pytest.approx(metres * 500, abs=1)
    assert problems(file)[0].endswith("no point of walk.gpx has a time; give a `pace` such as 5 km/h, "
                                      "or a track with times")  # fmt: skip


def test_a_route_serves_as_a_track(tmp_path: Path) -> None:
    route = "<rte><name>Planned</name>" + DRAWN.split("<trkseg>")[1].split("</trkseg>")[0] + "</rte>"
    file = written(tmp_path, "route.gpx", gpx(route.replace("trkpt", "rtept")))
    assert len(load(file, pace=1.0).tracks[0]) == 3


def test_of_several_points_of_one_moment_the_last_one_counts(tmp_path: Path) -> None:
    moment = "2026-03-02T09:10:00Z"
    file = written(
        tmp_path,
        "walk.gpx",
        gpx(trk("Jitter", point(52.5, 13.4, "2026-03-02T09:00:00Z"), point(52.6, 13, moment) + point(52.7, 13, moment))),  # noqa: E501
    )  # fmt: skip
    (track,) = load(file).tracks
    assert track.latitude.tolist() == [52.5, 52.7]
    assert track.unrecorded.tolist() == [False, True]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "walk.gpx:1:1: is not valid XML: no element found"),
        ("<gpx>\n<trk>\n", "walk.gpx:3:1: is not valid XML: no element found"),
        ("<kml></kml>", "walk.gpx:1: is not GPX: it begins with <kml>"),
        (gpx(), "s.yaml:4:1: people.walkers.trace.file: "),
        (gpx(trk("A", point("north", 13.4))), "walk.gpx:5:1: lat: 'north' is no latitude"),
        (gpx(trk("A", '<trkpt lat="52.5"></trkpt>')), "walk.gpx:5:1: lon: has no longitude"),
        (gpx(MORNING.replace("52.51", "95")), "walk.gpx:6: latitude: 95 lies outside -85..85"),
        (gpx(MORNING.replace("T09:10:00Z", "T08:10:00Z")),
         "walk.gpx:6: time: 2026-03-02T08:10:00+00:00 is earlier than that of the point before"),
        (gpx(MORNING.replace("2026-03-02T09:10:00Z", "ten past nine")),
         "walk.gpx:6: time: is missing, or can't be read; the other points of the track have times"),
        (gpx(MORNING.replace("09:10", "09:00")),
         "s.yaml:4:1: people.walkers.trace.file: walk.gpx: the track 'Morning' has a single moment"),
    ],
)  # fmt: skip
def test_a_bad_gpx_file_is_told_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    first, *_ = problems(written(tmp_path, "walk.gpx", content))
    assert first.startswith(message)


def test_a_csv_file_is_read_by_its_columns_and_local_times_are_those_of_the_scenario(tmp_path: Path) -> None:
    content = "uid;datum;breite;laenge\nA;2026-03-02 10:00;52,5;13,4\nA;2026-03-02 10:10;52,51;13,4\n"
    columns = TraceColumns(time="datum", latitude="breite", longitude="laenge")
    (track,) = load(written(tmp_path, "walk.csv", content), columns=columns).tracks
    assert track.time.tolist() == [ms("2026-03-02T09:00"), ms("2026-03-02T09:10")]
    assert track.latitude.tolist() == [52.5, 52.51]


def test_times_of_a_csv_file_may_be_seconds_since_1970(tmp_path: Path) -> None:
    content = "time,latitude,longitude\n1772442000,52.5,13.4\n1772442000.5,52.51,13.4\n"
    (track,) = load(written(tmp_path, "walk.csv", content)).tracks
    assert track.time.tolist() == [1772442000000, 1772442000500]


def test_a_csv_file_may_hold_the_tracks_of_many_people(tmp_path: Path) -> None:
    content = "uid,time,latitude,longitude\n"
    content += "".join(f"{who},{60 * n},52.5,13.{n}{who}\n" for n in range(3) for who in (7, 3))
    file = written(tmp_path, "walk.csv", content)
    tracks = load(file, columns=TraceColumns(person="uid")).tracks
    assert [track.name for track in tracks] == ["7", "3"]
    assert tracks[1].longitude.tolist() == [13.03, 13.13, 13.23]
    (only,) = load(file, columns=TraceColumns(person="uid"), track="3").tracks
    assert only.longitude.tolist() == tracks[1].longitude.tolist()


BAD_POINTS = "2026-03-02T09:21:00Z,95,13.4\n,52.5,13.4\n2026-03-02T01:00:00Z,52.5,13.4\n"


def test_all_bad_rows_of_a_csv_file_are_told_at_once(tmp_path: Path) -> None:
    content = ROWS + "noon,52.5,13.4\n2026-03-02T09:20:00Z,,x\n" + BAD_POINTS
    assert problems(written(tmp_path, "walk.csv", content)) == [
        "walk.csv:4: time: 'noon' is not a date and time; expected a date and time such as "
        "2026-03-02T11:00:05Z, or seconds since 1970",
        "walk.csv:5: latitude: is missing; expected degrees such as 52.5",
        "walk.csv:5: longitude: 'x' is not a number; expected degrees such as 52.5",
        "walk.csv:6: latitude: 95 lies outside -85..85",
        "walk.csv:7: time: is missing, or can't be read; the other points of the track have times",
        "walk.csv:8: time: 2026-03-02T01:00:00+00:00 is earlier than that of the point before",
    ]


def test_the_mistakes_of_all_tracks_of_a_csv_file_are_told_at_once(tmp_path: Path) -> None:
    rows = "time,latitude,longitude,who\n" + "".join(
        f"2026-03-02T09:{minute:02}:00Z,{latitude},13.4,{who}\n"
        for who in ("ann", "bob")
        for minute, latitude in enumerate((52.5, 95, 52.6))
    )
    assert problems(written(tmp_path, "walk.csv", rows), columns={"person": "who"}) == [
        "walk.csv:3: latitude: 95 lies outside -85..85",
        "walk.csv:6: latitude: 95 lies outside -85..85",
    ]


def test_a_pace_is_for_tracks_without_times_and_a_recorded_start_for_those_with_times(tmp_path: Path) -> None:
    timed = load(written(tmp_path, "walk.csv", ROWS), pace="5 km/h")
    (warning,) = map(str, timed.warnings)
    assert "trace.pace: warning: changes nothing, because the points of walk.csv have times" in warning
    untimed = written(tmp_path, "bare.csv", "time,latitude,longitude\n,52.5,13.4\n,52.6,13.4\n")
    (problem,) = problems(untimed, pace="5 km/h", start="recorded")
    assert "trace.start: no point of bare.csv has a time, so nobody knows when it was recorded" in problem


def test_a_missing_column_is_told_at_its_place_in_the_scenario(tmp_path: Path) -> None:
    file = written(tmp_path, "walk.csv", ROWS.replace("latitude", "lat"))
    (problem,) = problems(file)
    assert problem.startswith("s.yaml:5:1: people.walkers.trace.columns.latitude: ")
    assert "walk.csv has no column 'latitude'" in problem


def test_a_file_of_another_kind_asks_for_its_format(tmp_path: Path) -> None:
    assert problems(written(tmp_path, "walk.txt", ROWS)) == [
        "s.yaml:4:1: people.walkers.trace.file: the ending of walk.txt doesn't tell what it is; "
        "give `format: gpx` or `format: csv`"
    ]
    assert len(load(tmp_path / "walk.txt", format="csv")) == 1


def test_both_recorded_tracks_can_be_read() -> None:
    (drive,) = load(shared_path("data/around_visnjan_with_car.gpx")).tracks
    assert (len(drive), int(drive.time[-1] - drive.time[0])) == (104, 514_000)
    walk = load(shared_path("data/korita_zbevnica_walk.gpx"))
    (track,) = walk.tracks
    assert len(track) == 176 + 337
    assert np.flatnonzero(track.unrecorded).tolist() == [176]
    assert "03-OCT-10 #2" in str(walk.warnings[0])
