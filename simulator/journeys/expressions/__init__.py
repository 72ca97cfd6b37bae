"""The expression language of journey conditions, waits and action parameters.

The vendor's own language (journeys.md 3), so that expressions of a real journey run unchanged. What the local
evaluator does not support is refused by name, never guessed. Where the documentation leaves a choice, it was made
here and stands in docs/expressions.md.
"""

from simulator.journeys.expressions.errors import ExpressionError, FetchError
from simulator.journeys.expressions.expression import Expression, parse_expression
from simulator.journeys.expressions.functions import FUNCTIONS
from simulator.journeys.expressions.scope import Dialect, Reference, Scope
from simulator.journeys.expressions.values import Value, json_value, text_of, type_name

__all__ = [
    "FUNCTIONS",
    "Dialect",
    "Expression",
    "ExpressionError",
    "FetchError",
    "Reference",
    "Scope",
    "Value",
    "json_value",
    "parse_expression",
    "text_of",
    "type_name",
]
