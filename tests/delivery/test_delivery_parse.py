"""Destinations by their spelling."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.core.errors import UsageError
from simulator.delivery import (
    FileDestination,
    HttpDestination,
    InletDestination,
    KafkaDestination,
    ParquetDestination,
    RotatingFiles,
    StandardOutput,
    make_destination,
)
from simulator.scenario.models import Destination, Rotation


def test_each_form_has_its_destination(tmp_path: Path) -> None:
    assert isinstance(make_destination(Destination(to="-")), StandardOutput)
    assert isinstance(make_destination(Destination(to="kafka:b/t")), KafkaDestination)
    assert isinstance(make_destination(Destination(to="http:https://h/x")), HttpDestination)
    assert isinstance(make_destination(Destination(to="file:x.parquet")), ParquetDestination)
    rotating = Destination(to="file:x.parquet", rotate=Rotation(size=1e6))
    assert isinstance(make_destination(rotating), RotatingFiles)
    inlet = make_destination(Destination(to="http://127.0.0.1:1/collection/x", batch_size=5))
    assert isinstance(inlet, InletDestination)
    assert inlet.description == "http://127.0.0.1:1/collection/batch/x"
    for name in ("a.ndjson", "a.jsonl", "a.ndjson.gz", "a.ndjson.zst"):
        file = make_destination(Destination(to=f"file:{name}"), base=tmp_path)
        assert isinstance(file, FileDestination)
        assert file.path == tmp_path / name


def test_relative_files_belong_to_the_current_folder_and_absolute_ones_stay(tmp_path: Path) -> None:
    relative = make_destination(Destination(to="file:a.ndjson"))
    absolute = make_destination(Destination(to="file:/x/a.ndjson"), base=tmp_path)
    assert isinstance(relative, FileDestination)
    assert isinstance(absolute, FileDestination)
    assert (relative.path, absolute.path) == (Path("a.ndjson"), Path("/x/a.ndjson"))


def test_the_embedded_receiver_is_its_callers_business() -> None:
    with pytest.raises(ValueError, match="made by its caller"):
        make_destination(Destination(to="receiver"))


@pytest.mark.parametrize(
    ("to", "hint"),
    [
        ("reciever", "did you mean 'receiver'?"),
        ("htp://h/collection/x", "did you mean 'http://'?"),
        ("out.ndjson.gz", "did you mean 'file:out.ndjson.gz'?"),
        ("smtp:b/t", "expected `receiver`, `http(s)://HOST/collection/INLET`"),
        ("kafka:b", "expected kafka:BROKER[:PORT]"),
        ("http:ftp://h/x", "expected http:URL"),
        ("out.parquet", "did you mean 'file:out.parquet'?"),
        ("file:", "the file has no name"),
        ("file:out.txt", "expected a name that ends in .ndjson"),
        ("http://h/x?k=${env:TEST_NOT_THERE}", "the environment variable TEST_NOT_THERE is not set"),
        ("http://host/nothing", "expected http(s)://HOST/collection/INLET"),
    ],
)
def test_an_unknown_form_names_the_valid_ones_and_the_nearest(to: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_destination(Destination(to=to))
    assert hint in str(caught.value)


def test_synchronous_validation_of_batches_is_refused() -> None:
    with pytest.raises(UsageError, match="validates single messages only"):
        make_destination(Destination(to="http://h/collection/x", batch_size=2, sync_validation=True))
