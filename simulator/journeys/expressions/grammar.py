"""The grammar of the expression language, for lark.

After `(journeys.md 3.1, 3.2)`: precedence from loose to tight is `or`, `and`, `not`, comparison, sum, product,
minus sign, field and collection access.
"""

from __future__ import annotations

GRAMMAR = r"""
start: expression

?expression: "if" "(" expression ")" "then" "(" expression ")" "else" "(" expression ")" -> conditional
    | disjunction
?disjunction: conjunction ("or" conjunction)*
?conjunction: negation ("and" negation)*
?negation: "not" negation -> logical_not
    | comparison
?comparison: sum
    | sum COMPARE sum -> compare
    | sum "is" "null" -> is_null
    | sum "is" "not" "null" -> is_not_null
    | sum "has" "null" -> has_null
    | sum "is" KIND -> is_kind
?sum: product
    | sum PLUS product -> arithmetic
    | sum MINUS product -> arithmetic
?product: signed
    | product TIMES signed -> arithmetic
?signed: MINUS signed -> negative
    | access
?access: atom
    | access "." field -> member
    | access "." FIELD "(" [arguments] ")" -> method

?atom: INTEGER -> integer
    | DECIMAL -> decimal
    | STRING -> string
    | "true" -> true
    | "false" -> false
    | "null" -> null
    | "[" [arguments] "]" -> list
    | NAME -> name
    | NAME "(" [arguments] ")" -> call
    | CONSTANT -> constant
    | reference
    | "(" expression ")"

reference: OPEN segments ("," option)* "}"
segments: head ("." step)*
head: FIELD | STRING
step: field -> step_field
    | FIELD "(" [arguments] ")" -> step_method
field: FIELD | STRING
?option: "defaultValue" ":" expression -> default_value
    | "params" ":" "{" [parameter ("," parameter)*] "}" -> parameters
parameter: head ":" expression

arguments: expression ("," expression)*

OPEN: /@event\s*\{/ | /@action\s*\{/ | "@{" | "#{"
CONSTANT: /\$\{\s*[A-Za-z_]\w*\s*\}/
COMPARE: "==" | "!=" | ">=" | "<=" | ">" | "<"
KIND: "numeric" | "integer" | "decimal"
PLUS: "+"
MINUS: "-"
TIMES: "*" | "/" | "%"
DECIMAL: /\d+\.\d+/
INTEGER: /\d+/
STRING: /"(?:[^"\\]|\\.)*"/ | /'(?:[^'\\]|\\.)*'/
NAME: /[A-Za-z_]\w*/
FIELD: /[A-Za-z_][A-Za-z0-9_-]*/

%import common.WS
%ignore WS
"""
