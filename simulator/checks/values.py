"""What conditions read, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def shown_values(detail: Mapping[str, Any]) -> str:
    """The values that a condition read: `` (Members: false)``; empty if it read none."""
    values = detail.get("values")
    if not isinstance(values, Mapping) or not values:
        return ""
    return f" ({', '.join(f'{name}: {json.dumps(value, ensure_ascii=False)}' for name, value in values.items())})"
