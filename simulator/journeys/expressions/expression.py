"""One expression, ready to be evaluated as often as needed."""

from __future__ import annotations

from functools import lru_cache

from simulator.journeys.expressions.compiler import Compiler, Run, parse_tree, truth
from simulator.journeys.expressions.scope import Dialect, Reference, Scope
from simulator.journeys.expressions.values import Value


class Expression:
    """A checked expression.

    ``references`` are the fields that it reads and ``audiences`` those that it asks about, in the order of the text.
    """

    __slots__ = ("_run", "audiences", "references", "text")

    def __init__(
        self, text: str, run: Run, references: tuple[Reference, ...], audiences: tuple[str, ...]
    ) -> None:
        self.text = text
        self.references = references
        self.audiences = audiences
        self._run = run

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def evaluate(self, scope: Scope) -> Value:
        """The value in ``scope``. Raises ExpressionError, or FetchError from a data source."""
        return self._run(scope, None)

    def holds(self, scope: Scope) -> bool:
        """Whether the condition is true; null is not. Raises ExpressionError if it is no boolean."""
        return truth(self._run(scope, None))


@lru_cache(maxsize=4096)
def parse_expression(text: str, dialect: Dialect = "ajo") -> Expression:
    """The expression that ``text`` writes. Raises ExpressionError with the column of the mistake."""
    compiler = Compiler(dialect)
    run = compiler.compile(parse_tree(text))
    references = sorted(compiler.references, key=lambda reference: reference.column)
    return Expression(text, run, tuple(references), tuple(compiler.audiences))
