"""What was read so far, from all files: records by ARN, each with its place, and all diagnostics.

A thing may be defined twice only with the same content, as when a file is given twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from policy_engine.bundle.policies import PolicyReader
from policy_engine.errors import Diagnostic, Severity
from policy_engine.model.bundle import Bundle
from policy_engine.model.policy import Policy
from policy_engine.span import Span
from policy_engine.syntax.json_faults import printable

if TYPE_CHECKING:
    from policy_engine.model.bundle import (
        GroupRecord,
        KeyRecord,
        Organization,
        PrincipalRecord,
        Skipped,
        VpcEndpoint,
    )

    _Record = KeyRecord | PrincipalRecord | GroupRecord | Organization | VpcEndpoint


@dataclass(slots=True)
class Defined:
    """The things of one kind, by name."""

    what: str
    found: dict[str, tuple[Any, Span]] = field(default_factory=dict)

    def add(self, name: str, thing: _Record, place: Span) -> Diagnostic | None:
        """Add a thing; says so where it was defined before, as something else."""
        first, first_place = self.found.setdefault(name, (thing, place))
        if _content(first) == _content(thing):
            return None
        return Diagnostic(
            "duplicate-definition",
            f"the {self.what} `{printable(name)}` is defined twice, differently: also at {first_place}",
            place,
            "keep one of the definitions",
            related=((first_place, "first defined here"),),
        )


class Collection:
    """Everything that was read."""

    def __init__(self) -> None:
        self.reader = PolicyReader()
        self.skipped: list[Skipped] = []
        self._diagnostics: list[Diagnostic] = []
        self._keys = Defined("key")
        self._principals = Defined("principal")
        self._groups = Defined("group")
        self._organizations = Defined("organization")
        self._endpoints = Defined("VPC endpoint")

    def add_key(self, record: KeyRecord, place: Span) -> None:
        """Add a key."""
        self._add(self._keys, record.arn, record, place)

    def add_principal(self, record: PrincipalRecord, place: Span) -> None:
        """Add a user, role or session."""
        self._add(self._principals, record.arn, record, place)

    def add_group(self, record: GroupRecord, place: Span) -> None:
        """Add a group."""
        self._add(self._groups, record.arn, record, place)

    def add_organization(self, organization: Organization, place: Span) -> None:
        """Set the organization: there is at most one."""
        self._add(self._organizations, "organization", organization, place)

    def add_endpoint(self, endpoint: VpcEndpoint, place: Span) -> None:
        """Add a VPC endpoint."""
        self._add(self._endpoints, str(endpoint.id), endpoint, place)

    def _add(self, defined: Defined, name: str, thing: _Record, place: Span) -> None:
        fault = defined.add(name, thing, place)
        if fault is not None:
            self._diagnostics.append(fault)

    def check_groups(self) -> None:
        """Report the groups of users that are not defined: their policies could deny."""
        for record, place in self._principals.found.values():
            for arn in record.groups:
                if arn not in self._groups.found:
                    message = f"the group `{printable(arn)}` is not defined, so its policies are unknown"
                    self.error("unknown-group", message, place, "define it, without policies if it has none")

    def report(self, *diagnostics: Diagnostic) -> None:
        """Keep what was found."""
        self._diagnostics += diagnostics

    def error(self, code: str, message: str, place: Span, remedy: str | None = None) -> None:
        """Report what makes the bundle unusable."""
        self.report(Diagnostic(code, message, place, remedy))

    def warn(self, code: str, message: str, place: Span, remedy: str | None = None) -> None:
        """Report what a person should know."""
        self.report(Diagnostic(code, message, place, remedy, Severity.WARNING))

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Everything that was found, by file and place."""
        return tuple(sorted([*self._diagnostics, *self.reader.diagnostics], key=_place))

    def bundle(self) -> Bundle:
        """The bundle of all that was read."""
        organizations = _things(self._organizations)
        return Bundle(
            keys=_things(self._keys),
            principals=_things(self._principals),
            groups=_things(self._groups),
            organization=organizations.get("organization"),
            vpc_endpoints=tuple(_things(self._endpoints).values()),
            diagnostics=self.diagnostics,
            skipped=tuple(self.skipped),
        )


def _things(defined: Defined) -> dict[str, Any]:
    return {name: thing for name, (thing, _) in defined.found.items()}


def _place(diagnostic: Diagnostic) -> tuple[str, int, int]:
    if diagnostic.span is None:
        return ("", 0, 0)
    begin = diagnostic.span.begin
    return (diagnostic.span.file, begin.line, begin.column)


def _content(thing: object) -> object:
    """What a record says, without places: two records of the same content are one definition."""
    if isinstance(thing, Policy):
        return thing.digest
    if isinstance(thing, Span):
        return None
    if is_dataclass(thing):
        return tuple(_content(getattr(thing, each.name)) for each in fields(thing))
    if isinstance(thing, dict):
        return {name: _content(value) for name, value in thing.items()}
    return tuple(_content(item) for item in thing) if isinstance(thing, tuple) else thing
