"""OPTIONS → REQUEST AND BUNDLE: the question of one command line, with every name resolved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from policy_engine.calls.principals import parse_principal
from policy_engine.catalog.actions import ACTIONS, find_action
from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT, canonical_key
from policy_engine.cli.failures import InputError
from policy_engine.cli.names import resolve_key, resolve_principal
from policy_engine.cli.policy_files import read_request_file
from policy_engine.explain.notes import look_alike
from policy_engine.explain.shown import shown
from policy_engine.model.request import Request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policy_engine.cli.sources import Sources
    from policy_engine.model.bundle import Bundle

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with every name resolved.

    Attributes:
        request: what is asked.
        bundle: what to decide it from.
        unknown: condition keys whose values are not known.
    """

    request: Request
    bundle: Bundle
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What a user asked, as the options say it; nothing is resolved yet."""

    principal: str | None = None
    action: str | None = None
    key: str | None = None
    context: tuple[Pair, ...] = ()
    encryption_context: tuple[Pair, ...] = ()
    grant_tokens: tuple[str, ...] = ()
    request_file: str | None = None
    unknown: tuple[str, ...] = ()

    def resolve(self, sources: Sources) -> Asked:
        """The request, the bundle to decide it from, and what is not known.

        Raises:
            click.UsageError: an option is missing, or two exclude each other.
            InputError: a name means nothing, or several things.
            BundleError, PolicySyntaxError, PolicySchemaError, RequestError: a file cannot be read.
        """
        if self.request_file is not None:
            return self._from_file(self.request_file, sources)
        if self.principal is None or self.action is None:
            raise click.UsageError("name the caller with -p and the action with -a, or give --request FILE")
        action = known_action(self.action)
        bundle = sources.with_key(sources.load(), self.key)
        resource = resolve_key(self.key, action, bundle)
        principal = resolve_principal(self.principal, bundle)
        request = Request(principal, action, resource, self._joined_context(), self.grant_tokens)
        bundle = sources.with_caller(bundle, parse_principal(principal), resource)
        return Asked(request, bundle, _not_given(self.unknown, request))

    def _from_file(self, file: str, sources: Sources) -> Asked:
        if replace(self, request_file=None, unknown=()) != Question():
            raise click.UsageError(
                "--request stands for -p, -a, -k, -c, -e and --grant-token: leave them out"
            )
        asked = read_request_file(file)
        request = asked.request
        bundle = sources.with_key(sources.load(), request.resource)
        request = replace(request, resource=resolve_key(request.resource, request.action, bundle))
        principal = request.principal
        caller = parse_principal(principal) if isinstance(principal, str) else principal
        bundle = sources.with_caller(bundle, caller, request.resource)
        bundle = replace(bundle, diagnostics=(*bundle.diagnostics, *asked.diagnostics))
        return Asked(request, bundle, _not_given((*asked.unknown, *self.unknown), request))

    def _joined_context(self) -> dict[str, str | tuple[str, ...]]:
        """The condition keys; one that is given twice has both values."""
        pairs = [(ENCRYPTION_CONTEXT + name, value) for name, value in self.encryption_context]
        return _grouped((*self.context, *pairs))


def _not_given(unknown: tuple[str, ...], request: Request) -> tuple[str, ...]:
    """Keys that are said to be unknown.

    Raises:
        InputError: one of them has a value.
    """
    given = {canonical_key(key) for key in request.context}
    both = next((key for key in unknown if canonical_key(key) in given), None)
    if both is not None:
        raise InputError(f"`{shown(both)}` is given and said to be unknown", "keep one of the two")
    return tuple(dict.fromkeys(unknown))


def _grouped(pairs: Iterable[Pair]) -> dict[str, str | tuple[str, ...]]:
    values: dict[str, list[str]] = {}
    for key, value in pairs:
        values.setdefault(key, []).append(value)
    return {key: many[0] if len(many) == 1 else tuple(many) for key, many in values.items()}


def known_action(text: str) -> str:
    """The action in AWS's spelling, with its service: `decrypt` is `kms:Decrypt`.

    Raises:
        click.UsageError: KMS has no such action.
    """
    name = text if ":" in text else f"kms:{text}"
    action = find_action(name)
    if action is not None:
        return action.name
    if not name.lower().startswith("kms:"):
        return name
    near = look_alike(name, (known.name for known in ACTIONS.values()))
    meant = f": did you mean {near}?" if near else ""
    raise click.UsageError(f"KMS has no action `{shown(name)}`{meant}")
