"""A MODULE'S TREE → ITS MUTANTS: small mistakes that somebody could make, one at a time.

What cannot matter makes none: annotations, which nothing evaluates, aliases of types, blocks for the type
checker, decorators, docstrings, `__slots__`, `__all__`, `del`, the type of a `cast`, and the `strict` of a `zip`, whose
arguments are of one length.
"""

from __future__ import annotations

import ast
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,), ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE), ast.GtE: (ast.Gt, ast.Lt),
}  # fmt: skip
BINARY: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip
NAMES = {
    "any": "all", "all": "any", "min": "max", "max": "min",
    "any_of": "all_of", "all_of": "any_of", "ALWAYS": "NEVER", "NEVER": "ALWAYS",
}  # fmt: skip
ATTRIBUTES = {
    "lt": "le", "le": "lt", "gt": "ge", "ge": "gt", "eq": "ne",
    "ALLOW": "DENY", "DENY": "ALLOW", "ANY": "ALL", "ALL": "ANY", "ONE": "MANY", "MANY": "ONE",
    "NAMED": "DIRECT", "DIRECT": "DELEGATED", "DELEGATED": "NAMED", "USER": "ROLE", "ROLE": "USER",
    "named": "direct", "direct": "delegated", "delegated": "named", "free": "capped", "capped": "account",
    "identity": "caps", "boundary": "session", "session": "boundary", "scp": "endpoint", "endpoint": "scp",
}  # fmt: skip
COMBINED = {"all_of", "any_of"}
"""Functions of which each argument may be forgotten."""
LEFT_OUT = {"ascii_lower", "unmarked", "reversed", "sorted"}
"""Functions of which a call may be left out for its argument."""
ANNOTATIONS = {"annotation", "returns", "decorator_list"}


@dataclass(frozen=True)
class Mutant:
    """One mistake: the place in the tree, and what stands there instead."""

    where: str
    line: int
    parent: ast.AST
    field: str
    index: int | None
    before: ast.AST
    after: ast.AST

    def __str__(self) -> str:
        return f"{self.where}: {_shown(self.before)} -> {_shown(self.after)}"

    def apply(self) -> None:
        """Make the mistake in the tree."""
        ast.fix_missing_locations(ast.copy_location(self.after, self.before))
        if self.index is None:
            setattr(self.parent, self.field, self.after)
        else:
            getattr(self.parent, self.field)[self.index] = self.after


def mutants(tree: ast.Module) -> Iterator[Mutant]:
    """Every mutant of a module, in the order of its text."""
    yield from _below(tree, "", 0)


def _below(parent: ast.AST, where: str, line: int) -> Iterator[Mutant]:
    for field, value in ast.iter_fields(parent):
        if field in ANNOTATIONS:
            continue
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or _cannot_matter(node) or (_is_cast(parent) and index == 0):
                continue
            at = getattr(node, "lineno", line)
            for after in _mistakes(node):
                yield Mutant(where or "module", at, parent, field, index, node, after)
            name = getattr(node, "name", None) if isinstance(node, (ast.ClassDef, ast.FunctionDef)) else None
            yield from _below(node, f"{where}.{name}".lstrip(".") if name else where, at)


def _is_cast(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "cast"


def _cannot_matter(node: ast.AST) -> bool:
    match node:
        case ast.If(test=ast.Name("TYPE_CHECKING")) | ast.Expr(ast.Constant()) | ast.Delete():
            return True
        case ast.Assign([ast.Name("__slots__" | "__all__")]) | ast.keyword("strict"):
            return True
        case ast.Assign([ast.Name()], ast.BinOp() | ast.Subscript() as value):
            return all(isinstance(leaf, (*_OF_TYPES, ast.expr_context)) for leaf in ast.walk(value))
    return False


_OF_TYPES = (ast.BinOp, ast.BitOr, ast.Subscript, ast.Name, ast.Tuple, ast.Constant)


def _mistakes(node: Any) -> Iterator[ast.AST]:  # noqa: ANN401, C901, PLR0912 - a table of kinds of nodes
    match node:
        case ast.Compare():
            for i, operator in enumerate(node.ops):
                for other in COMPARISONS[type(operator)]:
                    yield _with(node, ops=[*node.ops[:i], other(), *node.ops[i + 1 :]])
        case ast.BoolOp():
            yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
            for i in range(len(node.values)):
                kept = node.values[:i] + node.values[i + 1 :]
                yield kept[0] if len(kept) == 1 else _with(node, values=kept)
        case ast.UnaryOp():
            yield node.operand
        case ast.BinOp() | ast.AugAssign() if type(node.op) in BINARY:
            yield _with(node, op=BINARY[type(node.op)]())
            if isinstance(node, ast.AugAssign):
                yield ast.Pass()
        case ast.Constant(value=bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(value=int() as value):
            yield from (ast.Constant(value + 1), ast.Constant(value - 1))
        case ast.Constant(value=str() as value):
            yield ast.Constant(value + "x")
        case ast.If() | ast.IfExp():
            yield from (_with(node, test=ast.Constant(answer)) for answer in (True, False))
        case ast.While():
            yield _with(node, test=ast.Constant(value=False))
        case ast.comprehension() | ast.match_case():
            yield from _wider(node)
        case ast.Match() if len(node.cases) > 1:
            for i in range(len(node.cases)):
                yield _with(node, cases=node.cases[:i] + node.cases[i + 1 :])
        case ast.Return(value=ast.expr() as value) if not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))
        case ast.Expr() | ast.Raise():
            yield ast.Pass()
        case ast.Continue():
            yield ast.Break()
        case ast.Name(id=name, ctx=ast.Load()) if name in NAMES:
            yield ast.Name(NAMES[name], ast.Load())
        case ast.Attribute(attr=name) if name in ATTRIBUTES and isinstance(node.ctx, ast.Load):
            yield _with(node, attr=ATTRIBUTES[name])
        case ast.Call(func=ast.Name(id=name), args=[argument]) if name in LEFT_OUT:
            yield argument
        case ast.Call(func=ast.Name(id=name), args=[_, _, *_] as arguments) if name in COMBINED:
            for i in range(len(arguments)):
                yield _with(node, args=arguments[:i] + arguments[i + 1 :])


def _wider(node: ast.comprehension | ast.match_case) -> Iterator[ast.AST]:
    if isinstance(node, ast.match_case):
        if node.guard is not None:
            yield _with(node, guard=None)
        return
    for i in range(len(node.ifs)):
        yield _with(node, ifs=node.ifs[:i] + node.ifs[i + 1 :])


def _with(node: Any, **changed: object) -> Any:  # noqa: ANN401 - any kind of node
    new = copy(node)
    for name, value in changed.items():
        setattr(new, name, value)
    return new


def _shown(node: ast.AST) -> str:
    """The node as text, on one line: of a statement with a body, and of a match, what makes it differ."""
    match node:
        case ast.If() | ast.While():
            return f"if {ast.unparse(node.test)}"
        case ast.Match():
            return "match of " + ", ".join(ast.unparse(case.pattern) for case in node.cases)
        case ast.match_case():
            return ast.unparse(node).strip().splitlines()[0]
    return " ".join(ast.unparse(node).split())
