"""What the models allow at each place of a scenario file.

Messages, ``--set``, the JSON Schema and the reference page all ask the same question: what may stand at
``people.office.size``? They ask the models here, so that nothing is said twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from simulator.scenario.models import Scenario
from simulator.scenario.quantities import Marker, Position, marker_of_position
from simulator.scenario.units import Dimension, one_of

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """What may stand at one place: ``kinds`` are the alternatives as (type, its metadata)."""

    kinds: tuple[tuple[Any, tuple[Any, ...]], ...]
    optional: bool = False

    @property
    def model(self) -> type[BaseModel] | None:
        """The model of the mapping that may stand here."""
        for kind, _ in self.kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                return kind
        return None

    @property
    def marker(self) -> Marker | None:
        """How the value that may stand here is read."""
        for kind, metadata in self.kinds:
            if kind is Position:
                return marker_of_position()
            for item in metadata:
                if isinstance(item, Marker):
                    return item
        return None

    @property
    def dimension(self) -> Dimension | None:
        """The dimension of the quantity that may stand here."""
        return self.marker.dimension if self.marker else None

    @property
    def literals(self) -> tuple[Any, ...]:
        """The fixed words that may stand here."""
        return tuple(word for kind, _ in self.kinds if get_origin(kind) is Literal for word in get_args(kind))

    @property
    def items(self) -> Shape | None:
        """What the entries of a list must be, if a list may stand here."""
        return self._inner(tuple, 0)

    @property
    def members(self) -> Shape | None:
        """What the values of a mapping with free keys must be, if one may stand here."""
        return self._inner(dict, 1)

    def _inner(self, origin: type, position: int) -> Shape | None:
        for kind, metadata in self.kinds:
            if get_origin(kind) is origin and not any(isinstance(item, Marker) for item in metadata):
                return shape_of(get_args(kind)[position])
        return None

    def child(self, key: str | int) -> Shape | None:
        """What may stand at ``key`` below; None if nothing may."""
        if isinstance(key, int):
            return self.items
        if self.model is not None:
            info = self.model.model_fields.get(key)
            return shape_of(info.annotation, tuple(info.metadata)) if info else None
        return self.members

    @property
    def expected(self) -> str:
        """What a right value looks like, to end a message with."""
        return "expected " + " or ".join(dict.fromkeys(self._nouns()))

    def _nouns(self) -> list[str]:
        nouns: list[str] = []
        for kind, metadata in self.kinds:
            one = Shape(((kind, metadata),))
            if one.marker is not None:
                nouns.append(one.marker.expected.removeprefix("expected "))
            elif one.literals:
                nouns.append(one_of([str(word) for word in one.literals]))
            elif one.model is not None:
                keys = [name for name, info in one.model.model_fields.items() if info.is_required()]
                may = list(one.model.model_fields)
                some = f"a mapping, with keys such as {one_of(may[:3], joint='and')}"
                nouns.append(f"a mapping with {one_of(keys, joint='and')}" if keys else some)
            else:
                nouns.append(_NOUNS.get(get_origin(kind) or kind, "a value"))
        return nouns


_NOUNS = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    tuple: "a list",
    dict: "a mapping of names to values",
}


def shape_of(annotation: Any, metadata: tuple[Any, ...] = ()) -> Shape:
    """The shape that a type annotation describes."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *more = get_args(annotation)
        return shape_of(inner, (*more, *metadata))
    if origin in (Union, UnionType):
        shapes = [shape_of(part) for part in get_args(annotation)]
        kinds = tuple((kind, (*own, *metadata)) for shape in shapes for kind, own in shape.kinds)
        return Shape(kinds, any(shape.optional for shape in shapes))
    if annotation is NoneType:
        return Shape((), optional=True)
    return Shape(((annotation, metadata),))


ROOT = Shape(((Scenario, ()),))


def shape_at(path: Path, root: Shape = ROOT) -> Shape | None:
    """What may stand at ``path`` of a file (a scenario); None if nothing may, or if it lies inside one value."""
    shape: Shape | None = root
    for key in path:
        if shape is None:
            return None
        shape = shape.child(key)
    return shape
