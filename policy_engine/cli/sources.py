"""OPTIONS → BUNDLE: what a command decides from, `--bundle` and the files that stand for one policy each.

A file of its own replaces what a bundle says of the same thing (`--key-policy`, `--grants`, `--boundary`) or
joins it (`--identity-policy`, `--session-policy`, `--scp`, `--rcp`). All `--scp` files are one level, that of
the caller's account, and all `--rcp` files one of the key's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from policy_engine.cli.failures import InputError
from policy_engine.cli.policy_files import read_grants_file, read_policy_file
from policy_engine.explain.shown import shown
from policy_engine.model.bundle import Bundle, KeyRecord, Organization, PrincipalRecord
from policy_engine.model.policy import PolicyKind
from policy_engine.model.principal import Principal, PrincipalKind
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from policy_engine.model.bundle import PolicyLevels
    from policy_engine.model.policy import Policy

Command = TypeVar("Command", bound="Callable[..., Any]")

_OPTIONS = (
    ("--bundle", "PATH", True, "File or folder with keys and principals. Repeatable."),
    ("--key-policy", "FILE", False, "Key policy of the key."),
    ("--grants", "FILE", False, "Grants of the key, as `aws kms list-grants` prints them."),
    ("--identity-policy", "FILE", True, "Identity policy of the principal. Repeatable."),
    ("--boundary", "FILE", False, "Permissions boundary of the principal."),
    ("--session-policy", "FILE", True, "Session policy of the principal's session. Repeatable."),
    ("--scp", "FILE", True, "Service control policy of the principal's account. Repeatable."),
    ("--rcp", "FILE", True, "Resource control policy of the key's account. Repeatable."),
)  # fmt: skip


def source_options(command: Command) -> Command:
    """Give a command the options that name its sources."""
    for name, metavar, multiple, text in reversed(_OPTIONS):
        command = click.option(name, metavar=metavar, multiple=multiple, help=text)(command)
    return command


@dataclass(frozen=True, slots=True)
class Sources:
    """The files that a user named; the fields are the options."""

    bundle: tuple[str, ...] = ()
    key_policy: str | None = None
    grants: str | None = None
    identity_policy: tuple[str, ...] = ()
    boundary: str | None = None
    session_policy: tuple[str, ...] = ()
    scp: tuple[str, ...] = ()
    rcp: tuple[str, ...] = ()

    @property
    def _any(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)

    def load(self) -> Bundle:
        """The bundle of `--bundle`; an empty one where there are only files of their own.

        Raises:
            BundleError: a path cannot be read, or holds what no bundle may.
            InputError: no source is named.
        """
        if not self._any:
            raise InputError("there is nothing to decide from", "give --bundle PATH, or --key-policy FILE")
        if not self.bundle:
            return Bundle()
        from policy_engine.bundle import load_bundle  # noqa: PLC0415 - slow to import, and not always needed

        return load_bundle(*self.bundle)

    def with_key(self, bundle: Bundle, key: str | None) -> Bundle:
        """The bundle with what the files say of the key that was named.

        Raises:
            BundleError, PolicySyntaxError, PolicySchemaError: a file cannot be read.
            InputError: the files are for a key that was not named by its ARN.
        """
        if self.key_policy is None and self.grants is None:
            return bundle
        arn = self._key_arn(bundle, key)
        record = bundle.keys.get(arn) or KeyRecord(arn)
        if self.grants is not None:
            record = replace(record, grants=read_grants_file(self.grants, arn))
        policy = read_policy_file(self.key_policy, PolicyKind.KEY) if self.key_policy is not None else None
        if policy is not None:
            record = replace(record, policy=policy)
        return _noted(replace(bundle, keys={**bundle.keys, arn: record}), (policy,))

    def _key_arn(self, bundle: Bundle, key: str | None) -> str:
        arn = parse_arn(key) if key is not None else None
        if key in bundle.keys or (
            arn is not None and arn.service == "kms" and arn.resource.startswith("key/")
        ):
            return str(key)
        raise InputError(
            f"--key-policy and --grants are for a key, and `{shown(key or '')}` is no key's ARN",
            "name the key with -k and its ARN: arn:aws:kms:REGION:ACCOUNT:key/ID",
        )

    def with_caller(self, bundle: Bundle, principal: Principal, resource: str) -> Bundle:
        """The bundle with what the files say of the caller and of the accounts.

        Raises:
            BundleError, PolicySyntaxError, PolicySchemaError: a file cannot be read.
            InputError: the caller cannot have such a policy.
        """
        files = _CallerFiles(
            identity=_policies(self.identity_policy, PolicyKind.IDENTITY),
            boundary=_policies((self.boundary,) if self.boundary else (), PolicyKind.BOUNDARY),
            session=_policies(self.session_policy, PolicyKind.SESSION),
            scps=_policies(self.scp, PolicyKind.SCP),
            rcps=_policies(self.rcp, PolicyKind.RCP),
        )
        return _noted(files.joined(bundle, principal, resource), files.all)


@dataclass(frozen=True, slots=True)
class _CallerFiles:
    """The policies that a user named beside a bundle, read."""

    identity: tuple[Policy, ...]
    boundary: tuple[Policy, ...]
    session: tuple[Policy, ...]
    scps: tuple[Policy, ...]
    rcps: tuple[Policy, ...]

    @property
    def all(self) -> tuple[Policy, ...]:
        """All of them."""
        return (*self.identity, *self.boundary, *self.session, *self.scps, *self.rcps)

    def joined(self, bundle: Bundle, principal: Principal, resource: str) -> Bundle:
        """The bundle with them."""
        return replace(
            bundle,
            principals=self._principals(bundle, principal),
            organization=self._organization(bundle, principal, resource),
        )

    def _principals(self, bundle: Bundle, principal: Principal) -> Mapping[str, PrincipalRecord]:
        principals = dict(bundle.principals)
        if self.identity or self.boundary:
            arn = _holder(principals, principal)
            record = principals.get(arn) or PrincipalRecord(arn)
            principals[arn] = replace(
                record,
                identity_policies=(*record.identity_policies, *self.identity),
                permissions_boundary=self.boundary[0] if self.boundary else record.permissions_boundary,
            )
        if self.session:
            own = principals.get(principal.arn) or PrincipalRecord(principal.arn)
            principals[principal.arn] = replace(own, session_policies=(*own.session_policies, *self.session))
        return principals

    def _organization(self, bundle: Bundle, principal: Principal, resource: str) -> Organization | None:
        if not self.scps and not self.rcps:
            return bundle.organization
        known = bundle.organization or Organization()
        arn = parse_arn(resource)
        owner = arn.account if arn else principal.account
        return replace(
            known,
            service_control_policies=_one_level_more(
                known.service_control_policies, principal.account, self.scps
            ),
            resource_control_policies=_one_level_more(known.resource_control_policies, owner, self.rcps),
        )


def _noted(bundle: Bundle, policies: Iterable[Policy | None]) -> Bundle:
    """The bundle with what reading the policies of files found besides."""
    found = (diagnostic for policy in policies if policy for diagnostic in policy.diagnostics)
    return replace(bundle, diagnostics=(*bundle.diagnostics, *found))


def _one_level_more(
    levels: Mapping[str, PolicyLevels], account: str | None, policies: tuple[Policy, ...]
) -> Mapping[str, PolicyLevels]:
    if not policies or account is None:
        return levels
    return {**levels, account: (*levels.get(account, ()), policies)}


def _policies(files: tuple[str, ...], kind: PolicyKind) -> tuple[Policy, ...]:
    return tuple(read_policy_file(file, kind) for file in files)


def _holder(principals: Mapping[str, PrincipalRecord], principal: Principal) -> str:
    """The ARN of the user or role whose identity policies the caller has."""
    if principal.kind in {PrincipalKind.USER, PrincipalKind.ROLE}:
        return principal.arn
    if principal.kind is PrincipalKind.ASSUMED_ROLE:
        role = principal.role_arn or _role_of(principals, principal)
        if role is not None:
            return role
        raise InputError(
            f"the role of the session `{shown(principal.arn)}` is not known: a session's ARN lacks its path",
            "name the role itself with -p, or give a --bundle that holds it",
        )
    raise InputError(
        f"a caller of the kind {principal.kind} has neither identity policies nor a permissions boundary",
        "leave --identity-policy and --boundary out",
    )


def _role_of(principals: Mapping[str, PrincipalRecord], principal: Principal) -> str | None:
    name = principal.name.partition("/")[0]
    home = f":iam::{principal.account}:role/"
    found = (arn for arn in principals if home in arn and arn.rpartition("/")[2] == name)
    return next(found, None)
