"""A case as the rules ask about it: who calls, what is asked, and which policies there are.

Rules 30, 79, 83, 98, 104 and 106 of docs/semantics.md. Nothing is decided here.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.reference import facts, principals

NO_KEY = {  # rule 30: no key, so identity policies alone
    "createkey", "generaterandom", "listkeys", "listaliases", "listretirablegrants", "connectcustomkeystore",
    "createcustomkeystore", "deletecustomkeystore", "describecustomkeystores", "disconnectcustomkeystore",
    "updatecustomkeystore",
}  # fmt: skip


@dataclass(slots=True)
class Case:
    """A request with what surrounds it."""

    request: dict[str, Any]
    key: dict[str, Any]
    policies: dict[str, Any]
    options: dict[str, Any]
    caller: principals.Caller
    values: facts.Values = field(default_factory=dict)

    @property
    def operation(self) -> str:
        return str(self.request["action"]).lower().removeprefix("kms:")

    @property
    def of_kms(self) -> bool:
        return str(self.request["action"]).lower().startswith("kms:")

    @property
    def without_key(self) -> bool:
        """Rules 30 and 83: no key, or an alias, which only identity policies speak of."""
        alias = str(self.request["resource"]).split(":", 5)[-1].startswith("alias/")
        return self.of_kms and (self.operation in NO_KEY or alias)

    @property
    def on_key(self) -> bool:
        """An action on a key, which then has a key policy and grants."""
        return not self.without_key and ":key/" in self.request["resource"]

    @property
    def bounded(self) -> bool:
        """A principal with a permissions boundary; service-linked roles (rule 79) and services have none."""
        has_none = self.caller.service_linked or self.caller.account is None
        return self.policies.get("permissions_boundary") is not None and not has_none

    @property
    def account(self) -> str | None:
        """The account of the resource, as aws:ResourceAccount has it; without a key, KMS acts in the caller's own."""
        if self.of_kms and self.operation in NO_KEY:
            return self.caller.account
        return facts.resource_account(self.request["resource"], self.caller, self.values)

    @property
    def same_account(self) -> bool:
        return self.caller.account == self.account

    @property
    def forwarded(self) -> bool:
        """Rule 98."""
        via = [value.lower() for value in self.values.get("aws:viaawsservice", [])]
        return bool(self.values.get("kms:viaservice")) or via == ["true"]

    @property
    def root_session(self) -> bool:
        """Rule 85: the root user, unless the context says nothing of sts:AssumeRoot or that it was not used."""
        said = [value.lower() for value in self.values.get("aws:assumedroot", [])]
        return self.caller.kind == "root" and said not in ([], ["false"])


def case_of(case: dict[str, Any]) -> Case:
    """Plain data, read; the context and the facts are gathered."""
    request = case["request"]
    key = case.get("key") or {}
    caller = principals.caller_of(request["principal"])
    values = facts.gather(request, key, caller)
    return Case(request, key, case.get("policies") or {}, case.get("options") or {}, caller, values)


def layers_of(case: Case) -> dict[str, list[list[Any]]]:
    """Every layer as levels of documents."""
    policies = case.policies

    def single(name: str) -> list[list[Any]]:
        return [[policies[name]]] if policies.get(name) is not None else []

    return {
        "identity": [policies.get("identity") or []],
        "key": single("key"),
        "boundary": single("permissions_boundary"),
        "session": single("session"),
        "scp": policies.get("scps") or [],
        "rcp": policies.get("rcps") or [],
        "endpoint": single("vpc_endpoint"),
    }
