"""From text to an expression that can be evaluated: parse, check, and turn into closures.

What can be seen to be wrong without data is refused here: unknown functions and names, wrong counts of arguments,
types of constants that an operator does not take.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from simulator.journeys.expressions import collections as lists
from simulator.journeys.expressions.errors import ExpressionError
from simulator.journeys.expressions.functions import FUNCTIONS, Function
from simulator.journeys.expressions.grammar import GRAMMAR
from simulator.journeys.expressions.operators import arithmetic, compare, refuse_literals
from simulator.journeys.expressions.scope import PROPERTIES_SOURCE, Dialect, Reference, ReferenceKind, Scope
from simulator.journeys.expressions.values import Value, is_number, type_name, whole

Run = Callable[[Scope, Value], Value]
"""Evaluates a part of an expression: in a scope, with the item of the innermost collection condition."""
Node = Tree[Token]


@dataclass(frozen=True, slots=True)
class _Part:
    """A compiled part: how to evaluate it, and whether its value is always the same."""

    run: Run
    constant: bool = False
    literal: bool = False


ITEM_NAMES: dict[ReferenceKind, str] = {
    "event": "currentEventField",
    "data": "currentDataPackField",
    "action": "currentActionField",
}
_KINDS: dict[str, ReferenceKind] = {"@": "event", "@event": "event", "#": "data", "@action": "action"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


@lru_cache(maxsize=1)
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", propagate_positions=True)


def parse_tree(text: str) -> Node:
    """The tree of an expression. Raises ExpressionError."""
    try:
        return _parser().parse(text)
    except UnexpectedInput as error:
        raise _syntax_error(text, error) from None


def _syntax_error(text: str, error: UnexpectedInput) -> ExpressionError:
    if isinstance(error, UnexpectedEOF) or (
        isinstance(error, UnexpectedToken) and error.token.type == "$END"
    ):
        return ExpressionError(
            "the expression ends too early" if text.strip() else "the expression is empty", len(text) + 1
        )
    position = error.pos_in_stream or 0
    column = position + 1
    if isinstance(error, UnexpectedCharacters):
        sign = text[position]
        if sign in "“”‘’":
            return ExpressionError(f"`{sign}` is a typographic quotation mark; use \" or '", column)
        if sign == "=":
            return ExpressionError("`=` compares nothing; use `==`", column)
        return ExpressionError(f"unexpected `{sign}`", column)
    token = str(error.token) if isinstance(error, UnexpectedToken) else "text"
    if (
        token.lower() in {"and", "or", "not", "is", "if", "then", "else", "null", "true", "false"}
        and token != token.lower()
    ):
        return ExpressionError(f"unexpected `{token}`; operators are lower case: `{token.lower()}`", column)
    return ExpressionError(f"unexpected `{token}`", column)


class Compiler:
    """Compiles one tree; ``references`` are the fields that it mentions, ``functions`` what it calls."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.references: list[Reference] = []
        self.audiences: list[str] = []
        self._item: list[str] = []  # names of the item of each collection condition around

    def compile(self, tree: Node) -> Run:
        """How to evaluate ``tree``. Raises ExpressionError."""
        return self._part(tree).run

    def _part(self, node: Node | Token) -> _Part:
        if isinstance(node, Token):
            raise AssertionError(f"a token where a part was expected: {node!r}")
        part = cast("_Part", getattr(self, f"_on_{node.data}")(node))
        return _folded(part, node)

    def _parts(self, nodes: Sequence[Any]) -> list[_Part]:
        return [self._part(node) for node in nodes]

    def _on_start(self, node: Node) -> _Part:
        return self._part(node.children[0])

    # --- constants ---

    def _on_integer(self, node: Node) -> _Part:
        with _at(node):
            return _constant(whole(int(_token(node, 0))))

    def _on_decimal(self, node: Node) -> _Part:
        return _constant(float(_token(node, 0)))

    def _on_string(self, node: Node) -> _Part:
        return _constant(unquoted(_token(node, 0)))

    def _on_true(self, node: Node) -> _Part:
        return _constant(True)

    def _on_false(self, node: Node) -> _Part:
        return _constant(False)

    def _on_null(self, node: Node) -> _Part:
        return _constant(None)

    def _on_list(self, node: Node) -> _Part:
        parts = self._arguments(node.children[0])
        runs = [part.run for part in parts]
        constant = all(part.constant for part in parts)
        if constant:
            _refuse_mixed([part.run(_NOWHERE, None) for part in parts], node)
        return _Part(lambda scope, item: [run(scope, item) for run in runs], constant=constant)

    def _arguments(self, node: Any) -> list[_Part]:
        return [] if node is None else self._parts(node.children)

    # --- logic ---

    def _on_conditional(self, node: Node) -> _Part:
        condition, then, otherwise = (part.run for part in self._parts(node.children))
        return _Part(
            lambda scope, item: then(scope, item) if truth(condition(scope, item)) else otherwise(scope, item)
        )

    def _on_disjunction(self, node: Node) -> _Part:
        runs = [part.run for part in self._parts(node.children)]
        return _Part(lambda scope, item: any(truth(run(scope, item)) for run in runs))

    def _on_conjunction(self, node: Node) -> _Part:
        runs = [part.run for part in self._parts(node.children)]
        return _Part(lambda scope, item: all(truth(run(scope, item)) for run in runs))

    def _on_logical_not(self, node: Node) -> _Part:
        run = self._part(node.children[0]).run
        return _Part(lambda scope, item: not truth(run(scope, item)))

    def _on_compare(self, node: Node) -> _Part:
        left, right = self._part(node.children[0]), self._part(node.children[2])
        symbol = _token(node, 1)
        if left.constant and right.constant:
            with _at(node):
                refuse_literals(symbol, left.run(_NOWHERE, None), right.run(_NOWHERE, None))
        a, b = left.run, right.run
        return _Part(
            lambda scope, item: compare(symbol, a(scope, item), b(scope, item)),
            left.constant and right.constant,
        )

    def _on_is_null(self, node: Node) -> _Part:
        run = self._part(node.children[0]).run
        return _Part(lambda scope, item: run(scope, item) is None)

    def _on_is_not_null(self, node: Node) -> _Part:
        run = self._part(node.children[0]).run
        return _Part(lambda scope, item: run(scope, item) is not None)

    def _on_has_null(self, node: Node) -> _Part:
        run = self._part(node.children[0]).run
        return _Part(lambda scope, item: any(value is None for value in lists.items(run(scope, item))))

    def _on_is_kind(self, node: Node) -> _Part:
        run, kind = self._part(node.children[0]).run, _token(node, 1)
        if kind == "numeric":
            return _Part(lambda scope, item: is_number(run(scope, item)))
        return _Part(lambda scope, item: type_name(run(scope, item)) == kind)

    # --- numbers ---

    def _on_arithmetic(self, node: Node) -> _Part:
        left, right = self._part(node.children[0]), self._part(node.children[2])
        symbol, a, b = _token(node, 1), left.run, right.run
        return _Part(
            lambda scope, item: arithmetic(symbol, a(scope, item), b(scope, item)),
            left.constant and right.constant,
        )

    def _on_negative(self, node: Node) -> _Part:
        part = self._part(node.children[1])
        run = part.run
        return _Part(lambda scope, item: arithmetic("-", 0, run(scope, item)), part.constant)

    # --- names and functions ---

    def _on_name(self, node: Node) -> _Part:
        name = _token(node, 0)
        if self._item and name == self._item[-1]:
            return _Part(lambda scope, item: item)
        if name in ITEM_NAMES.values():
            inside = f"; here it is `{self._item[-1]}`" if self._item else ""
            raise ExpressionError(f"`{name}` stands for the item of a collection{inside}", _column(node))
        if name in FUNCTIONS:
            raise ExpressionError(f"`{name}` is a function and needs parentheses", _column(node))
        raise ExpressionError(f"unknown name `{name}`; texts need quotation marks", _column(node))

    def _on_constant(self, node: Node) -> _Part:
        name = _token(node, 0)[2:-1].strip()
        self.references.append(Reference("data", PROPERTIES_SOURCE, (name,), _column(node)))
        return _Part(lambda scope, item: scope.constant(name))

    def _on_call(self, node: Node) -> _Part:
        name, arguments = _token(node, 0), self._arguments(node.children[1])
        function = self._function(name, len(arguments), node)
        for at in function.constants:
            if at < len(arguments) and not arguments[at].literal:
                raise ExpressionError(
                    f"argument {at + 1} of `{name}` must be a text constant, not an expression", _column(node)
                )
        if function.call is FUNCTIONS["inSegment"].call:
            self.audiences.append(str(arguments[0].run(_NOWHERE, None)))
        call, runs = function.call, [part.run for part in arguments]
        constant = function.pure and all(part.constant for part in arguments)
        return _Part(lambda scope, item: call(scope, [run(scope, item) for run in runs]), constant)

    def _function(self, name: str, count: int, node: Node) -> Function:
        function = FUNCTIONS.get(name)
        if function is None:
            near = get_close_matches(name, FUNCTIONS, n=1) or [
                known for known in FUNCTIONS if known.lower() == name.lower()
            ]
            hint = f"; did you mean `{near[0]}`?" if near else ""
            raise ExpressionError(
                f"function `{name}` is not supported by the local evaluator{hint}", _column(node)
            )
        if self.dialect not in function.dialects:
            raise ExpressionError(
                f"function `{name}` does not exist in the `{self.dialect}` dialect", _column(node)
            )
        if not function.least <= count <= function.most:
            takes = (
                str(function.least)
                if function.least == function.most
                else f"{function.least} to {function.most}"
            )
            raise ExpressionError(f"`{name}` takes {takes} arguments, not {count}", _column(node))
        return function

    # --- fields and collections ---

    def _on_member(self, node: Node) -> _Part:
        run, name = self._part(node.children[0]).run, _field_name(node.children[1])
        return _Part(lambda scope, item: lists.field_of(run(scope, item), name))

    def _on_method(self, node: Node) -> _Part:
        run = self._part(node.children[0]).run
        # Behind a bracketed reference the item is that of the reference, of whichever kind it was.
        item_name = self._item[-1] if self._item else self._last_item_name()
        return _Part(self._method(run, _token(node, 1), node.children[2], node, item_name))

    def _last_item_name(self) -> str:
        return ITEM_NAMES[self.references[-1].kind] if self.references else ITEM_NAMES["event"]

    def _on_reference(self, node: Node) -> _Part:
        opening = _token(node, 0)
        kind = _KINDS[opening[:-1].strip()]
        if kind == "action" and self.dialect == "jo":
            raise ExpressionError("responses of actions can't be read in the `jo` dialect", _column(node))
        segments = cast("Node", node.children[1])
        head = _field_name(segments.children[0])
        steps = cast("list[Node]", segments.children[1:])
        options = {cast("Node", option).data: option for option in node.children[2:] if option is not None}
        default = options.get("default_value")
        root, steps, path = self._root(kind, head, steps, options.get("parameters"), node)
        run = self._stepped(root, steps, kind, path)
        plain = all(step.data == "step_field" for step in steps)
        self.references.append(Reference(kind, head, tuple(path), _column(node), plain))
        if default is None:
            return _Part(run)
        instead = self._part(cast("Node", default).children[0]).run

        def with_default(scope: Scope, item: Value) -> Value:
            value = run(scope, item)
            return instead(scope, item) if value is None else value

        return _Part(with_default)

    def _root(
        self, kind: ReferenceKind, head: str, steps: list[Node], parameters: Any, node: Node
    ) -> tuple[Run, list[Node], list[str]]:
        """What a reference begins with, the steps below it, and the path so far."""
        if kind == "event":
            return (lambda scope, item: scope.event(head)), steps, []
        if kind == "action":
            return (lambda scope, item: scope.action(head)), steps, []
        if not steps or steps[0].data != "step_field":
            raise ExpressionError("a data source field is `#{source.fieldGroup.path}`", _column(node))
        group = _field_name(steps[0].children[0])
        given = [cast("Node", pair) for pair in parameters.children if pair is not None] if parameters else []
        values = {_field_name(pair.children[0]): self._part(pair.children[1]).run for pair in given}

        def fetch(scope: Scope, item: Value) -> Value:
            return scope.data(head, group, {name: run(scope, item) for name, run in values.items()})

        return fetch, steps[1:], [group]

    def _stepped(self, run: Run, steps: Sequence[Node], kind: ReferenceKind, path: list[str]) -> Run:
        for step in steps:
            if step.data == "step_field":
                name = _field_name(step.children[0])
                path.append(name)
                run = _field_run(run, name)
            else:
                run = self._method(run, _token(step, 0), step.children[1], step, ITEM_NAMES[kind])
        return run

    def _method(self, run: Run, method: str, arguments: Any, node: Node, item_name: str) -> Run:
        given = [] if arguments is None else list(arguments.children)
        if method in {"all", "first", "last"}:
            return self._selection(run, method, given, node, item_name)
        if method in {"at", "entry"}:
            if len(given) != 1:
                raise ExpressionError(f"`{method}` takes 1 argument, not {len(given)}", _column(node))
            get = lists.item_at if method == "at" else lists.entry
            key = self._part(given[0]).run
            return lambda scope, item: get(run(scope, item), key(scope, item))
        if method in {"keys", "firstEntryKey"}:
            if given:
                raise ExpressionError(f"`{method}` takes no argument", _column(node))
            take = lists.keys if method == "keys" else lists.first_entry_key
            return lambda scope, item: take(run(scope, item))
        raise ExpressionError(f"`.{method}()` is not supported by the local evaluator", _column(node))

    def _selection(self, run: Run, method: str, given: list[Any], node: Node, item_name: str) -> Run:
        if len(given) > 1:
            raise ExpressionError(f"`{method}` takes one condition, not {len(given)}", _column(node))
        if not given:
            return lambda scope, item: lists.select(run(scope, item), method, lambda _: True)
        self._item.append(item_name)
        condition = self._part(given[0]).run
        self._item.pop()
        return lambda scope, item: lists.select(
            run(scope, item), method, lambda each: truth(condition(scope, each))
        )


def equalities(node: Node | Token) -> dict[tuple[str, ...], str]:
    """Plain event fields that must equal a text constant for the expression to be true, by path."""
    if isinstance(node, Token):
        return {}
    found: dict[tuple[str, ...], str] = {}
    if node.data in ("start", "conjunction"):
        for child in node.children:
            found |= equalities(child)
    elif node.data == "compare" and _token(node, 1) == "==":
        left, right = cast("Node", node.children[0]), cast("Node", node.children[2])
        for field, text in ((left, right), (right, left)):
            if field.data == "reference" and text.data == "string" and (path := _plain_path(field)):
                found[path] = unquoted(_token(text, 0))
    return found


def _plain_path(reference: Node) -> tuple[str, ...]:
    """The path of a reference to an event field that has no collection methods and no options; else nothing."""
    segments = cast("Node", reference.children[1])
    steps = cast("list[Node]", segments.children[1:])
    plain = all(step.data == "step_field" for step in steps) and len(reference.children) == 2
    if not plain or _KINDS[_token(reference, 0)[:-1].strip()] != "event":
        return ()
    return tuple(_field_name(step.children[0]) for step in steps)


def _field_run(run: Run, name: str) -> Run:
    return lambda scope, item: lists.field_of(run(scope, item), name)


def truth(value: Value) -> bool:
    """A boolean as conditions take it; null is false. Raises ExpressionError for any other type."""
    if value is None:
        return False
    if isinstance(value, bool):
        return value
    raise ExpressionError(f"a boolean is needed here, not {type_name(value)}")


def unquoted(token: str) -> str:
    """The text of a quoted constant."""
    text, at = token[1:-1], 0
    parts: list[str] = []
    while (slash := text.find("\\", at)) >= 0:
        parts += (text[at:slash], _ESCAPES.get(text[slash + 1], text[slash + 1]))
        at = slash + 2
    return "".join(parts) + text[at:]


def _constant(value: Value) -> _Part:
    return _Part(lambda scope, item: value, constant=True, literal=True)


def _folded(part: _Part, node: Node) -> _Part:
    """A part whose value never changes is evaluated once, and refused now if it can't be."""
    if not part.constant or part.literal:
        return part
    with _at(node):
        value = computed(part.run, _NOWHERE)
    return _Part(lambda scope, item: value, constant=True)


def computed(run: Run, scope: Scope) -> Value:
    """What a compiled expression gives. Raises ExpressionError, and so for numbers and times out of all bounds."""
    try:
        return run(scope, None)
    except ExpressionError:
        raise
    except (ArithmeticError, ValueError) as error:
        raise ExpressionError(f"there is no such value: {error}") from None


def _refuse_mixed(values: Sequence[Value], node: Node) -> None:
    kinds = {"number" if is_number(value) else type_name(value) for value in values if value is not None}
    if len(kinds) > 1:
        raise ExpressionError(
            f"all items of a list must have one type, not {' and '.join(sorted(kinds))}", _column(node)
        )


class _at:  # noqa: N801 - reads as a word in `with _at(node):`
    """Gives errors raised within it the place of a part."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ExpressionError) and not error.column:
            error.column = _column(self._node)


def _column(node: Node) -> int:
    return 0 if node.meta.empty else node.meta.start_pos + 1


def _token(node: Node, at: int) -> str:
    return str(node.children[at])


def _field_name(node: Any) -> str:
    """The name in a `field` or `head`: a plain one, or one in quotation marks."""
    token = node.children[0]
    return unquoted(str(token)) if token.type == "STRING" else str(token)


# Constants are evaluated before there is any scope.
_NOWHERE: Scope = cast("Scope", None)
