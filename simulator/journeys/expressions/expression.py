"""One expression, ready to be evaluated as often as needed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from simulator.journeys.expressions.compiler import Compiler, Run, computed, equalities, parse_tree, truth
from simulator.journeys.expressions.scope import Dialect, Reference, Scope
from simulator.journeys.expressions.values import Value


class Expression:
    """A checked expression.

    ``references`` are the fields that it reads and ``audiences`` those that it asks about, in the order of the
    text. ``equalities`` are the event fields that must equal a text for the whole to be true, by path.
    """

    __slots__ = ("_run", "audiences", "equalities", "references", "text")

    def __init__(
        self,
        text: str,
        run: Run,
        references: tuple[Reference, ...],
        audiences: tuple[str, ...],
        equalities: Mapping[tuple[str, ...], str],
    ) -> None:
        self.text = text
        self.references = references
        self.audiences = audiences
        self.equalities = equalities
        self._run = run

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def evaluate(self, scope: Scope) -> Value:
        """The value in ``scope``. Raises ExpressionError, or FetchError from a data source."""
        return computed(self._run, scope)

    def holds(self, scope: Scope) -> bool:
        """Whether the condition is true; null is not. Raises ExpressionError if it is no boolean."""
        return truth(computed(self._run, scope))


@lru_cache(maxsize=4096)
def parse_expression(text: str, dialect: Dialect = "ajo") -> Expression:
    """The expression that ``text`` writes. Raises ExpressionError with the column of the mistake."""
    compiler = Compiler(dialect)
    tree = parse_tree(text)
    run = compiler.compile(tree)
    references = sorted(compiler.references, key=lambda reference: reference.column)
    return Expression(text, run, tuple(references), tuple(compiler.audiences), equalities(tree))
