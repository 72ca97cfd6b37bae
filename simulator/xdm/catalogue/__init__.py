"""The field catalogue: every field of an event that the schema knows, declared by hand, one module per group.

``EVENT`` is the root. Names, types and limits follow the public XDM schemas in wire form; the notes are ours.
"""

from simulator.xdm.catalogue.dsl import Field, Kind
from simulator.xdm.catalogue.event import EVENT

__all__ = ["EVENT", "Field", "Kind"]
