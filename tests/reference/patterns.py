"""Wildcards, ARNs and policy variables, the slow way: one character after the other, no regular expressions.

Rules 63 to 68, 94 and 96 of docs/semantics.md. Not fast, and not shared with the engine.
A pattern is a list of pieces: `STAR`, `ONE`, or a character; a wildcard that comes out of a variable is a character.
"""

from collections.abc import Callable

STAR = object()
ONE = object()

Pattern = list[object]  # characters, STAR and ONE
Lookup = Callable[[str], str | None]


class Unresolved(Exception):  # noqa: N818  # an answer of this language (rule 63), not a fault
    """A policy variable has no value in this request and no default."""


def wild(text: str) -> Pattern:
    """The pattern that `text` is: `*` and `?` are wildcards, everything else is itself."""
    return [STAR if char == "*" else ONE if char == "?" else char for char in text]


def glob(pattern: Pattern, text: str) -> bool:
    """Does the whole of `text` match? By the set of places in the text that the pattern read so far can reach."""
    places = {0}
    for piece in pattern:
        if piece is STAR:
            places = set(range(min(places), len(text) + 1))
        else:
            places = {at + 1 for at in places if at < len(text) and piece in (ONE, text[at])}
        if not places:
            return False
    return len(text) in places


def expand(text: str, lookup: Lookup) -> Pattern:
    """The pattern of a text with variables (rules 63, 65): what a variable holds is literal.

    Raises `Unresolved` for a variable without value and default.
    """
    before, found, rest = text.partition("${")
    if not found:
        return wild(before)
    inside, closed, after = _until_brace(rest)
    if not closed:
        return [*wild(before), "$", "{", *expand(rest, lookup)]
    return [*wild(before), *_value(inside, lookup), *expand(after, lookup)]


def _until_brace(rest: str) -> tuple[str, str, str]:
    """What stands before the closing brace; a brace inside a quoted default does not close."""
    quoted = False
    for at, char in enumerate(rest):
        if char == "'":
            quoted = not quoted
        if char == "}" and not quoted:
            return rest[:at], "}", rest[at + 1 :]
    return rest, "", ""


def _value(inside: str, lookup: Lookup) -> list[object]:
    if inside in ("*", "?", "$"):
        return [inside]
    name, has_default, default = inside.partition(", '")
    value = lookup(name)
    if value is None and has_default:
        value = default.removesuffix("'")
    if value is None:
        raise Unresolved(name)
    return list(value)


def split_arn(pattern: Pattern) -> list[Pattern]:
    """An ARN's segments; the sixth keeps its colons (rule 66)."""
    segments: list[Pattern] = [[]]
    for piece in pattern:
        if piece == ":" and len(segments) < 6:
            segments.append([])
        else:
            segments[-1].append(piece)
    return segments


def join_arn(segments: list[Pattern]) -> Pattern:
    """The reverse of `split_arn`."""
    joined: Pattern = []
    for number, segment in enumerate(segments):
        joined += [":", *segment] if number else segment
    return joined


def arn_like(pattern: Pattern, text: str) -> bool | None:
    """ArnLike (rule 66): segment by segment, wildcards stay inside. None where one of the two is no ARN."""
    wanted, given = split_arn(pattern), text.split(":", 5)
    if len(wanted) < 6 or len(given) < 6 or given[0] != "arn" or wanted[0] != ["a", "r", "n"]:
        return None
    return all(glob(segment, part) for segment, part in zip(wanted, given, strict=True))


def resource_matches(pattern: Pattern, arn: str, *, short: bool) -> bool:
    """Resource against a real ARN (rules 36, 67, 96). `short`: this kind of policy accepts short ARNs."""
    if everything(pattern):
        return True
    segments = split_arn(pattern)
    if segments[0] != ["a", "r", "n"] or len(segments) < 3 or _has_wildcard(segments[2]):
        return False
    if len(segments) < 6 and not short:
        return False
    return _crossing(segments + [[STAR]] * (6 - len(segments)), arn)


def everything(pattern: Pattern) -> bool:
    """`*`, however often it is written."""
    return bool(pattern) and all(piece is STAR for piece in pattern)


def _has_wildcard(segment: Pattern) -> bool:
    return any(piece in (STAR, ONE) for piece in segment)


def _crossing(segments: list[Pattern], text: str) -> bool:
    """Rule 67: a `*` that ends its segment may run over colons, any other wildcard outside the sixth may not."""
    if not segments:
        return not text
    if len(segments) == 1:
        return glob(segments[0], text)
    head, *rest = segments
    ends = [at for at, char in enumerate(text) if char == ":"]
    return any(_segment(head, text[:end]) and _crossing(rest, text[end + 1 :]) for end in ends)


def _segment(segment: Pattern, text: str) -> bool:
    if segment and segment[-1] is STAR:
        return any(":" not in text[:end] and glob(segment[:-1], text[:end]) for end in range(len(text) + 1))
    return ":" not in text and glob(segment, text)
