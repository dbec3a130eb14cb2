"""The test whether a call came through a VPC endpoint itself, and is not one that a service forwards.

A call counts as forwarded when kms:ViaService is present or aws:ViaAWSService is true (rule 98): the endpoint
is then the service's, and its policy is not asked (rule 76).
https://docs.aws.amazon.com/kms/latest/developerguide/kms-vpc-endpoint.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policy_engine.model.request import RequestContext

_VIA_SERVICE = "kms:ViaService"
_VIA_AWS = "aws:ViaAWSService"


class ComesThroughTest:
    """Whether a call came through an endpoint (any, where that is None), or did not, where `negated`."""

    __slots__ = ("__weakref__", "endpoint", "negated")
    key = "aws:SourceVpce"
    keys = (key, _VIA_SERVICE, _VIA_AWS)
    is_opaque = False

    def __init__(self, endpoint: str | None, *, negated: bool) -> None:
        self.endpoint = endpoint
        self.negated = negated

    def __repr__(self) -> str:
        return f"<{'not ' if self.negated else ''}through {self.endpoint or 'the endpoint'}>"

    @property
    def identity(self) -> tuple[object, ...]:
        """What makes two tests the same test."""
        return (ComesThroughTest, self.endpoint, self.negated)

    def holds(self, context: RequestContext) -> bool:
        """Whether the context passes."""
        forwarded = bool(context.get(_VIA_SERVICE)) or context.get(_VIA_AWS) == "true"
        given = context.get(self.key, ())
        named = self.endpoint is None or self.endpoint in ((given,) if isinstance(given, str) else given)
        return (named and not forwarded) != self.negated
