"""A scenario written down as it was run."""

from __future__ import annotations

import copy
from io import StringIO
from typing import Any

from simulator.scenario.loader import LoadedScenario
from simulator.scenario.overrides import put

_FIRST = ("version", "name", "description", "seed")


def dump_as_run(loaded: LoadedScenario, *, header: str = "", **changes: Any) -> str:
    """The scenario as YAML that runs again from anywhere: overrides in it, seed set, paths of files absolute.

    ``header`` becomes comment lines at the top. ``changes`` are plain data by dotted key, as the scenario
    file would say them: ``seed=5``, ``**{"clock.duration": "2 h"}``.
    """
    from ruamel.yaml import YAML  # loaded late, see positions.py

    data = copy.deepcopy(loaded.document)
    data["seed"] = loaded.scenario.seed
    for name, value in changes.items():
        put(data, tuple(name.split(".")), value)
    ordered = {key: data[key] for key in (*_FIRST, *(key for key in data if key not in _FIRST))}
    yaml = YAML(typ="rt", pure=True)
    yaml.Representer = _representer()
    yaml.width = 110
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump(_styled(ordered), stream)
    comment = "".join(f"# {line}".rstrip() + "\n" for line in header.splitlines())
    return comment + stream.getvalue()


def _representer() -> Any:
    """Writes None as ``null``; ruamel's own writes nothing, which the loader refuses as a slip."""
    from ruamel.yaml.representer import RoundTripRepresenter

    class Representer(RoundTripRepresenter):
        def represent_null(self, data: None) -> Any:
            return self.represent_scalar("tag:yaml.org,2002:null", "null")

    Representer.add_representer(type(None), Representer.represent_null)
    return Representer


def _styled(value: Any) -> Any:
    """Lists of single values on one line, as people write them."""
    from ruamel.yaml.comments import CommentedSeq

    if isinstance(value, dict):
        return {key: _styled(item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    result = CommentedSeq([_styled(item) for item in value])
    if not any(isinstance(item, dict | list) for item in value):
        result.fa.set_flow_style()
    return result
