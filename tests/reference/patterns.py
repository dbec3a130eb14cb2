"""Patterns with `*` and `?`, and ARNs, in the plainest way: the set of places that a match may have reached.

Not here: policy variables, which are not supported yet. The rules: 66 (ArnLike), 67 and 96 (Resource), 68 (case)
of the semantics page, docs/semantics.md.
"""

from __future__ import annotations

ARN_SEGMENTS = 6
SERVICE = 2
WILDCARDS = "*?"

Token = tuple[str, bool]
"""A character of a pattern, and whether a wildcard there may match a colon."""


def glob(pattern: str, text: str) -> bool:
    """Whether `text` matches; wildcards match anything, `:` `/` and line ends too (rule 66)."""
    return _matches([(character, True) for character in pattern], text)


def glob_ignoring_case(pattern: str, text: str) -> bool:
    return glob(pattern.lower(), text.lower())


def arn_like(pattern: str, text: str) -> bool | None:
    """Each of the six segments for itself (rule 66); None where one of the two is no ARN (rule 93)."""
    wanted, found = _segments(pattern), _segments(text)
    if wanted is None or found is None:
        return None
    return all(glob(want, have) for want, have in zip(wanted, found, strict=True))


def resource_matches(pattern: str, arn: str, *, short_forms: bool) -> bool:
    """Whether a Resource pattern matches an ARN (rules 67, 96).

    `short_forms` is true in policies of the identity kinds, where missing segments count as `*`.
    """
    if pattern == "*":
        return True
    segments = pattern.split(":", ARN_SEGMENTS - 1)
    missing = ARN_SEGMENTS - len(segments)
    if missing and not short_forms:
        return False
    segments += ["*"] * missing
    if segments[0] != "arn" or _has_wildcard(segments[SERVICE]):
        return False
    return _matches(_resource_tokens(segments), arn)


def _resource_tokens(segments: list[str]) -> list[Token]:
    tokens: list[Token] = []
    for segment in segments[:-1]:
        last = len(segment) - 1
        # Rule 67: only `*`, and only as the last character of its segment, may go beyond the colon.
        tokens += [(character, character == "*" and i == last) for i, character in enumerate(segment)]
        tokens.append((":", False))
    return tokens + [(character, True) for character in segments[-1]]


def _matches(tokens: list[Token], text: str) -> bool:
    places = {0}
    for token in tokens:
        places = {after for place in places for after in _after(token, place, text)}
    return len(text) in places


def _after(token: Token, place: int, text: str) -> set[int]:
    character, crosses = token
    if character == "*":
        return _run(place, text, crosses=crosses)
    if place == len(text):
        return set()
    if character == "?":
        return {place + 1} if crosses or text[place] != ":" else set()
    return {place + 1} if text[place] == character else set()


def _run(place: int, text: str, *, crosses: bool) -> set[int]:
    places = {place}
    while place < len(text) and (crosses or text[place] != ":"):
        place += 1
        places.add(place)
    return places


def _segments(text: str) -> list[str] | None:
    segments = text.split(":", ARN_SEGMENTS - 1)
    return segments if len(segments) == ARN_SEGMENTS and segments[0] == "arn" else None


def _has_wildcard(text: str) -> bool:
    return any(character in WILDCARDS for character in text)
