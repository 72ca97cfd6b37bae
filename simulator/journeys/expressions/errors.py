"""What can be wrong with an expression, or go wrong in it."""

from __future__ import annotations


class ExpressionError(ValueError):
    """An expression that can't be understood, or can't be evaluated.

    ``column`` counts characters of the expression from 1; 0 where no place can be named.
    """

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.column = column

    def __str__(self) -> str:
        return f"{self.message} (column {self.column})" if self.column else self.message


class FetchError(Exception):
    """A data source did not answer, or not usefully; ``code`` is what `lastDataFetchErrorCode` says."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code
