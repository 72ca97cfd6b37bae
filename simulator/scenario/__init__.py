"""The scenario file: its models, units and distributions, YAML with positions, and the JSON Schema."""

from __future__ import annotations
