"""An organization with its rows: SCPs of the caller's account level by level, RCPs of the key's account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_engine.graph.lowering import lower_policy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy_engine.graph.rows import StatementRow
    from policy_engine.graph.tests import SharedTests
    from policy_engine.model.bundle import Organization, PolicyLevels

Levels = tuple[tuple["StatementRow", ...], ...]


class OrganizationRows:
    """The rows of an organization's policies. The management account is under neither kind (rule 22)."""

    __slots__ = ("_rcps", "_scps")

    def __init__(self, organization: Organization | None, tests: SharedTests) -> None:
        self._scps: dict[str, Levels] = {}
        self._rcps: dict[str, Levels] = {}
        if organization is None:
            return
        self._scps = _lower_all(organization.service_control_policies, tests)
        self._rcps = _lower_all(organization.resource_control_policies, tests)
        if organization.management_account_id is not None:
            self._scps.pop(organization.management_account_id, None)
            self._rcps.pop(organization.management_account_id, None)

    def scps(self, account: str | None) -> Levels:
        """The SCP rows over an account, a tuple for each level; empty where there are none."""
        return self._scps.get(account or "", ())

    def rcps(self, account: str | None) -> tuple[StatementRow, ...]:
        """The RCP rows over an account's resources, of all levels."""
        return tuple(row for level in self._rcps.get(account or "", ()) for row in level)


def _lower_all(policies: Mapping[str, PolicyLevels], tests: SharedTests) -> dict[str, Levels]:
    return {account: _lower(levels, tests) for account, levels in policies.items()}


def _lower(levels: PolicyLevels, tests: SharedTests) -> Levels:
    """The rows by level; where there is one policy in all, its origins have no index."""
    if sum(len(level) for level in levels) == 1 == len(levels):
        return (tuple(lower_policy(levels[0][0], (), tests)),)
    return tuple(
        tuple(row for j, policy in enumerate(level) for row in lower_policy(policy, (i, j), tests))
        for i, level in enumerate(levels)
    )
