"""Loads the Lark grammars that ship as `policy_engine.grammars`."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from lark import Lark

if TYPE_CHECKING:
    from lark import Transformer


def load(
    name: str,
    *,
    lexer: Literal["basic", "contextual"] = "contextual",
    start: str | list[str] = "start",
    transformer: Transformer[Any, Any] | None = None,
) -> Lark:
    """Build the LALR parser of ``grammars/<name>.lark``; with a transformer no tree is made on the way."""
    text = files("policy_engine.grammars").joinpath(f"{name}.lark").read_text(encoding="utf-8")
    return Lark(
        text,
        parser="lalr",
        lexer=lexer,
        start=start,
        transformer=transformer,
        maybe_placeholders=True,
        propagate_positions=False,
    )
