"""Which documents hold policies, and where: a table of the forms that people have.

What files are is told as bundles tell it; this room adds where their policies stand. A trust policy is none
of them: it stands in the same documents under a name that this table does not have. The file's name says
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from policy_engine.bundle.recognition import FileKind, recognise
from policy_engine.model.policy import PolicyKind
from policy_engine.syntax.arn import parse_arn
from policy_engine.syntax.json_tree import JsonArray, JsonBoolean, JsonObject, JsonString

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy_engine.syntax.json_tree import JsonNode


class Each(Enum):
    """A step to every item of an array, or to every member of an object."""

    ITEM = "item"
    MEMBER = "member"


class Role(Enum):
    """What a bundle makes of a document."""

    WHOLE = "it can be loaded by itself"
    PART = "it says more about what a whole document defines"
    NONE = "no bundle reads it"


Path = tuple["str | Each", ...]


@dataclass(frozen=True, slots=True)
class Form:
    """A form of document.

    Attributes:
        policies: where policies stand, and of what kind they are.
        role: what a bundle makes of it.
        has_grants: whether it is a list of grants.
    """

    policies: tuple[tuple[Path, PolicyKind], ...] = ()
    role: Role = Role.PART
    has_grants: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A policy in a document; its node is an object, or a string that holds one, or names a file."""

    node: JsonNode
    kind: PolicyKind
    name: str
    in_file: bool


_KEY, _IDENTITY, _BOUNDARY = PolicyKind.KEY, PolicyKind.IDENTITY, PolicyKind.BOUNDARY
_LEVELS = (Each.MEMBER, Each.ITEM, Each.ITEM)

_FORMS: dict[FileKind, Form] = {
    FileKind.NATIVE: Form(
        (
            (("keys", Each.ITEM, "Policy"), _KEY),
            (("principals", Each.ITEM, "IdentityPolicies", Each.ITEM, "PolicyDocument"), _IDENTITY),
            (("principals", Each.ITEM, "PermissionsBoundary"), _BOUNDARY),
            (("groups", Each.ITEM, "IdentityPolicies", Each.ITEM, "PolicyDocument"), _IDENTITY),
            (("organization", "ServiceControlPolicies", *_LEVELS), PolicyKind.SCP),
            (("organization", "ResourceControlPolicies", *_LEVELS), PolicyKind.RCP),
            (("vpc_endpoints", Each.MEMBER), PolicyKind.ENDPOINT),
        ),
        Role.WHOLE,
    ),
    FileKind.ACCOUNT: Form(
        (
            (("UserDetailList", Each.ITEM, "UserPolicyList", Each.ITEM, "PolicyDocument"), _IDENTITY),
            (("RoleDetailList", Each.ITEM, "RolePolicyList", Each.ITEM, "PolicyDocument"), _IDENTITY),
            (("GroupDetailList", Each.ITEM, "GroupPolicyList", Each.ITEM, "PolicyDocument"), _IDENTITY),
            (("Policies", Each.ITEM, "PolicyVersionList", Each.ITEM, "Document"), _IDENTITY),
        ),
        Role.WHOLE,
    ),
    FileKind.KEY: Form(role=Role.WHOLE),
    FileKind.KEY_POLICY: Form(((("Policy",), _KEY),)),
    FileKind.GRANTS: Form(has_grants=True),
    FileKind.ALIASES: Form(),
    FileKind.TAGS: Form(),
}
# What `aws iam get-role-policy`, `get-policy-version` and the like print: no part of a bundle.
_OTHERS: dict[str, Form] = {
    "PolicyDocument": Form(((("PolicyDocument",), _IDENTITY),), Role.NONE),
    "PolicyVersion": Form(((("PolicyVersion", "Document"), _IDENTITY),), Role.NONE),
}
_NAMES = ("UserName", "RoleName", "GroupName", "Arn", "PolicyName")
_FILE = "File"


def find_form(root: JsonNode) -> Form | None:
    """The form of a document, or None."""
    kind = recognise(root)
    if kind is not None:
        return _FORMS[kind]
    if not isinstance(root, JsonObject):
        return None
    return next((form for name, form in _OTHERS.items() if root.get(name) is not None), None)


def policies_of(root: JsonNode, form: Form) -> Iterator[Found]:
    """The policies of a document of a form, in the order of the table."""
    for path, kind in form.policies:
        for node, names, in_file in _follow(root, path, ()):
            yield Found(node, kind, "/".join(names) or str(path[-1]), in_file)


_Place = tuple["JsonNode", tuple[str, ...], bool]


def _follow(node: JsonNode, path: Path, names: tuple[str, ...]) -> Iterator[_Place]:
    if not path:
        yield node, names, False
        return
    step, rest = path[0], path[1:]
    if isinstance(node, JsonObject):
        yield from _into_object(node, step, rest, (*names, *_names(node)))
    elif isinstance(node, JsonArray) and step is Each.ITEM:
        for item in node.items:
            yield from _follow(item, rest, names)


def _into_object(node: JsonObject, step: str | Each, rest: Path, names: tuple[str, ...]) -> Iterator[_Place]:
    if step is Each.MEMBER:
        for member in node:
            yield from _follow(member.value, rest, (*names, member.name))
        return
    default = node.get("IsDefaultVersion")
    if isinstance(default, JsonBoolean) and not default.value:
        return  # an older version of a managed policy decides nothing
    value = node.get(str(step))
    if value is not None:
        yield from _follow(value, rest, names)
    elsewhere = node.get(f"{step}{_FILE}")
    if not rest and isinstance(elsewhere, JsonString):
        yield elsewhere, names, True


def _names(node: JsonObject) -> tuple[str, ...]:
    """What an object on the way is called: the first name that it has."""
    for name in _NAMES:
        value = node.get(name)
        if isinstance(value, JsonString):
            arn = parse_arn(value.value) if name == "Arn" else None
            return (arn.resource.partition("/")[2] or arn.resource if arn else value.value,)
    return ()
