"""OPTIONS → REQUEST AND BUNDLE: the question of one command line, with every name resolved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from policy_engine.calls.principals import parse_principal
from policy_engine.catalog.actions import ACTIONS, find_action
from policy_engine.catalog.condition_keys import ENCRYPTION_CONTEXT
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
class Question:
    """What a user asked, as the options say it; nothing is resolved yet."""

    principal: str | None = None
    action: str | None = None
    key: str | None = None
    context: tuple[Pair, ...] = ()
    encryption_context: tuple[Pair, ...] = ()
    grant_tokens: tuple[str, ...] = ()
    request_file: str | None = None

    def resolve(self, sources: Sources) -> tuple[Request, Bundle]:
        """The request, and the bundle to decide it from.

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
        return request, sources.with_caller(bundle, parse_principal(principal), resource)

    def _from_file(self, file: str, sources: Sources) -> tuple[Request, Bundle]:
        if replace(self, request_file=None) != Question():
            raise click.UsageError(
                "--request stands for -p, -a, -k, -c, -e and --grant-token: leave them out"
            )
        asked = read_request_file(file)
        bundle = sources.with_key(sources.load(), asked.resource)
        resource = resolve_key(asked.resource, asked.action, bundle)
        principal = asked.principal
        caller = parse_principal(principal) if isinstance(principal, str) else principal
        return replace(asked, resource=resource), sources.with_caller(bundle, caller, resource)

    def _joined_context(self) -> dict[str, str | tuple[str, ...]]:
        """The condition keys; one that is given twice has both values."""
        pairs = [(ENCRYPTION_CONTEXT + name, value) for name, value in self.encryption_context]
        return _grouped((*self.context, *pairs))


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
