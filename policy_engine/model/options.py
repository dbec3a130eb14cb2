"""The named choices where AWS's sources conflict or a user may want otherwise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """How an engine behaves where there is a choice.

    Attributes:
        check_context: `decide` raises RequestError on a context key that is not canonical, so that a
            mis-spelt key cannot make a Deny miss. Off by default, since it costs more than the decision.
        grant_context_names_ignore_case: in a grant constraint the names of pairs are compared without
            regard to case, as the API reference says (the Developer Guide says exactly).
        caps_limit_grants: a permissions boundary or session policy also limits what a grant allows,
            unless the grant names the user or session itself. AWS's sources are silent; this is the
            stricter reading.
    """

    check_context: bool = False
    grant_context_names_ignore_case: bool = True
    caps_limit_grants: bool = True
