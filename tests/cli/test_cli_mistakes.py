"""Wrong input: every mistake at once, each at its place, exit code 2, and never a traceback."""

# ruff: noqa: E501

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.program import TINY, call, journeysim, tiny

IN_FILES = """\
version: 1
name: broken
description: Mistakes in the scenario and in all its files.
clock: {start: 2026-03-02T11:00, timezone: Europe/Berlin, duration: 2 h}
places:
  - library: Renamed
    file: renamed.csv
    columns: {latitude: lat, longitude: lon, name: nam}
  - library: Rows
    file: rows.csv
    columns: {latitude: lat, longitude: lon, name: name, id: id}
  - library: Gone
    file: rosw.csv
people:
  settlers:
    size: 20
    home: {towns: {file: towns.csv}}
    phone: {models: iphone-99}
app: {id: com.example.broken, name: Broken}
destination: {to: "file:events.csv"}
expect:
  - {metric: rejectd, equals: 0}
"""
ROWS = "id,name,lat,lon\n1,A,52.5,13.4\n2,B,91,13.4\n3,C,52.5,x\n1,D,52.6,13.4\n4,,52.7,13.4\n5,E,90,0\n6,F\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def complaints(*arguments: str | Path) -> list[str]:
    """What the program says about a wrong call, without the last line, which counts the mistakes."""
    result = call(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    *lines, last = result.stderr.splitlines()
    assert last == ("1 mistake found." if len(lines) == 1 else f"{len(lines)} mistakes found.")
    return lines


@pytest.mark.parametrize("command", ["run", "check", "people"])
@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.yaml", None, "missing.yaml: no such file"),
        ("empty.yaml", "", "empty.yaml: is empty; expected a scenario: version, name, clock, ..."),
        ("notes.yaml", "Dear diary", "notes.yaml: is not a mapping; expected a scenario: version, name, clock, ..."),
        ("open.yaml", "a: [1, 2\nb: 3\n", "open.yaml:2:2: the list opened on line 1 is not closed; expected ',' or ']'"),
        ("folder.yaml", Path(), "folder.yaml: is a folder; give the scenario file"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_scenario_is_one_line(
    folder: Path, command: str, name: str, content: str | Path | None, message: str
) -> None:
    if isinstance(content, str):
        (folder / name).write_text(content)
    elif content is not None:
        (folder / name).mkdir()
    assert complaints(command, name) == [message]


def test_a_misspelt_file_name_is_answered_with_the_nearest_one(folder: Path) -> None:
    tiny(folder)
    assert complaints("run", "tyni.yaml") == ["tyni.yaml: no such file; did you mean 'tiny.yaml'?"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission_is_one_line(folder: Path) -> None:
    tiny(folder).chmod(0)
    assert complaints("run", "tiny.yaml") == ["tiny.yaml: can't be read: Permission denied"]


def test_all_mistakes_of_a_scenario_are_said_at_once_in_its_order(folder: Path) -> None:
    text = (
        TINY.replace("Europe/Berlin", "Europe/Berln")
        .replace("duration: 2 h", "duration: 2 kg")
        .replace("at: [52.5200, 13.4050], radius: 150 m", "at: [90, 0], radus: 150 m", 1)
        .replace("size: 20", "size: 0")
    )
    (folder / "tiny.yaml").write_text(text)
    assert complaints("check", "tiny.yaml") == [
        "tiny.yaml:5:44: clock.timezone: unknown time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
        "tiny.yaml:5:68: clock.duration: 'kg' in '2 kg' is not a unit of duration; valid units are s, ms, min, h, d or w",
        "tiny.yaml:9:34: places.0.inline.0.at.0: latitude 90 is too near the pole; must lie between -85 and 85",
        "tiny.yaml:9:42: places.0.inline.0.radus: unknown key; did you mean 'radius'?",
    ]  # fmt: skip


def test_a_scenario_without_people_is_a_mistake(folder: Path) -> None:
    (folder / "tiny.yaml").write_text(TINY.replace("size: 20", "size: 0"))
    assert complaints("check", "tiny.yaml") == [
        "tiny.yaml:12:11: people.neighbours.size: there is nobody: the size is 0; give at least one group a size of 1 or more"
    ]  # fmt: skip


def test_all_mistakes_in_the_files_that_a_scenario_names_are_said_at_once(folder: Path) -> None:
    (folder / "broken.yaml").write_text(IN_FILES)
    (folder / "renamed.csv").write_text("name,lat,lon\nA,52.5,13.4\n")
    (folder / "rows.csv").write_text(ROWS)
    (folder / "towns.csv").write_text(
        "name,population,latitude,longitude\nX,many,52.5,13.4\nY,1000,52.5,513.4\n"
    )
    found = complaints("check", "broken.yaml")
    expected = [
        "broken.yaml:8:52: places.0.columns.name: renamed.csv has no column 'nam'; did you mean 'name'?",
        "broken.yaml:13:11: places.2.file: there is no file rosw.csv; did you mean rows.csv?",
        "broken.yaml:18:12: people.settlers.phone: unknown phone model 'iphone-99'; did you mean",
        "broken.yaml:20:19: destination.to: file:events.csv: unknown kind of file; expected a name that ends in",
        "broken.yaml:22:14: expect.0.metric: unknown metric; did you mean `rejected`",
        "rows.csv:3: lat: 91 ",
        "rows.csv:4: lon: 'x' is not a number",
        "rows.csv:5: id: '1' is already the id of rows.csv row 2",
        "rows.csv:6: name: is missing",
        "rows.csv:7: lat: 90 is the pole",
        "rows.csv:8: ",
        "towns.csv:2: population: 'many' is not a number",
        "towns.csv:3: longitude: 513.4 is out of range",
    ]
    for line, beginning in zip(found, expected, strict=True):
        assert line.startswith(beginning)


def test_towns_too_far_from_all_places_are_found_before_a_run(folder: Path) -> None:
    (folder / "towns.csv").write_text("name,population,latitude,longitude\nFaraway,1000,42.5,13.4\n")
    home = "home: {around: {at: [52.5200, 13.4050], radius: 900 m}}"
    (folder / "tiny.yaml").write_text(
        TINY.replace(home, "home: {towns: {file: towns.csv, near_places: 15 km}}")
    )
    assert complaints("check", "tiny.yaml") == [
        "tiny.yaml:13:50: people.neighbours.home.towns.near_places: no town has a place within 15,000 m of its centre; "
        "give a larger distance or other places"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--duration", "soon"], "--duration: 'soon' is not a duration; expected a duration such as 90 s or 5 min"),
        (["--duration", "5 m"], "--duration: 'm' in '5 m' is not a unit of duration; did you mean '5 min'?"),
        (["--duration", "-1 h"], "--duration: '-1 h' is out of range; must be 0 or more"),
        (["--duration", ""], "--duration: is empty; give a value"),
        (["--to", "kafka:topic"], "--to: kafka:topic: no topic; expected kafka:BROKER[:PORT][,BROKER...]/TOPIC"),
        (["--to", "events.ndjson.gz"], "--to: 'events.ndjson.gz' is not a destination; did you mean 'file:events.ndjson.gz'?"),
        (["--to", "reciever"], "--to: 'reciever' is not a destination; did you mean 'receiver'?"),
        (["--to", "http://127.0.0.1:8080/"], "--to: http://127.0.0.1:8080/: not the address of an inlet; expected http(s)://HOST/collection/INLET, or http:URL for any other endpoint"),
        (["--to", "file:events.csv"], "--to: file:events.csv: unknown kind of file; expected a name that ends in .ndjson, .ndjson.gz, .ndjson.zst or .parquet"),
        (["--set", "destination.batch_sise=5"], "--set destination.batch_sise: unknown key 'batch_sise'; did you mean 'batch_size'?"),
        (["--set", "people.neigbours.size=5"], "--set people.neigbours.size: no 'neigbours' in 'people'; did you mean 'neighbours'?"),
        (["--set", "places.1.radius=5 m"], "--set places.1.radius: '1' is no entry of 'places'; there are 1, counted from 0"),
        (["--set", "places.0.file=nowhere.csv", "--set", "places.0.inline=null"], "--set places.0.file: there is no file nowhere.csv; paths in a scenario are relative to its file, those of --set to the current folder"),
        (["--set", "seed"], "--set seed: is not a setting; write key.path=value"),
        (["--set", "clock.duration=5"], "--set clock.duration: 5 has no unit; expected a duration in s, ms, min, h, d or w, such as 5 min"),
        (["--speed", "fast"], "--speed: 'fast' is not valid; expected max or live or a number such as 2.5"),
        (["--people", "50000001"], "--people: 50,000,001 are too many; at most 50,000,000"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_called_by_its_name(folder: Path, options: list[str], message: str) -> None:
    assert complaints("run", tiny(folder).name, *options) == [message]
    assert not (folder / "runs").exists()


def test_mistakes_of_several_options_are_said_at_once(folder: Path) -> None:
    options = ["--to", "nowhere", "--duration", "soon", "--set", "seed=x", "--set", "clock.sped=1"]
    found = complaints("run", tiny(folder).name, *options)
    assert {line.split(": ")[0] for line in found} == {"--to", "--duration", "--set seed", "--set clock.sped"}


def test_a_run_never_writes_into_a_folder_that_holds_something(folder: Path) -> None:
    (folder / "kept").mkdir()
    (folder / "kept" / "diary.txt").write_text("dear")
    result = call("run", tiny(folder), "--out", "kept")
    assert result.exit_code == 2
    assert result.stderr == (
        "journeysim: --out kept: the folder is not empty; name a new one, or remove what is there first\n"
    )
    assert [path.name for path in (folder / "kept").iterdir()] == ["diary.txt"]


def test_a_run_folder_that_cannot_be_written_is_said(folder: Path) -> None:
    (folder / "file").write_text("")
    result = call("run", tiny(folder), "--out", "file/below")
    assert result.exit_code == 2
    assert result.stderr == (
        "journeysim: --out file/below: the run folder can't be written (Not a directory); name another with --out\n"
    )


def test_a_file_that_cannot_be_written_is_said_and_leaves_no_run_folder(folder: Path) -> None:
    result = call("run", tiny(folder), "--to", "file:none/x.ndjson", "--out", "record")
    assert result.exit_code == 2
    assert result.stderr.startswith("journeysim: cannot write none/x.ndjson: ")
    assert not (folder / "record").exists()
    assert result.stdout == ""


def test_what_looks_like_a_mistake_is_a_warning_and_stops_nothing(folder: Path) -> None:
    work = "    work: {around: {at: [52.5210, 13.4060], radius: 400 m}}\n"
    (folder / "tiny.yaml").write_text(TINY.replace(work, "").replace("radius: 150 m", "radius: 60 m"))
    result = call("check", "tiny.yaml")
    assert result.exit_code == 0
    assert result.stdout == "tiny.yaml: good: 20 people in 1 group, 1 place\n"
    radius, lunch = result.stderr.splitlines()
    assert lunch.startswith("tiny.yaml:14:23: people.neighbours.schedule.lunch: warning: nobody has lunch")
    assert radius.startswith(
        "tiny.yaml:7:5: places.0: warning: the place has a radius below 100 m: 'Corner Shop'"
    )
    run = call("run", "tiny.yaml", "--json")
    assert '"warnings": [\n    "tiny.yaml:' in run.stdout
    assert run.stderr == ""


def test_warnings_of_towns_are_passed_on(folder: Path) -> None:
    (folder / "towns.csv").write_bytes(
        "name,population,latitude,longitude\nKöln,1000,50.9,6.9\n".encode("latin-1")
    )
    home = "home: {around: {at: [52.5200, 13.4050], radius: 900 m}}"
    (folder / "tiny.yaml").write_text(TINY.replace(home, "home: {towns: {file: towns.csv}}"))
    result = call("check", "tiny.yaml")
    assert result.exit_code == 0
    assert result.stderr.startswith("towns.csv")
    assert "warning: " in result.stderr


def test_a_process_of_its_own_says_the_same_and_shows_no_traceback(tmp_path: Path) -> None:
    tiny(tmp_path, "expct: []\n")
    result = journeysim("check", "tiny.yaml", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "tiny.yaml:18:1: expct: unknown key; did you mean 'expect'?\n1 mistake found.\n"
