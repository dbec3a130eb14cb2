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
        aws_wildcard_allows_services: in an Allow, `{"AWS": "*"}` covers service principals too, as `"*"`
            does. Open in AWS's text; in a Deny it always covers them (rule 11).
        bool_takes_variables: policy variables are substituted in values of Bool. IAM's pages contradict each
            other (rule 64).
        any_value_if_exists_holds_when_absent: `ForAnyValue:...IfExists` holds for an absent key. Undocumented
            (rule 62).
        listed_role_exempts_sessions: a role in NotPrincipal of a Deny exempts its sessions as well; where
            not, a session must be listed itself. AWS calls it service dependent (rules 17 and 102).
    """

    check_context: bool = False
    grant_context_names_ignore_case: bool = True
    caps_limit_grants: bool = True
    aws_wildcard_allows_services: bool = False
    bool_takes_variables: bool = False
    any_value_if_exists_holds_when_absent: bool = False
    listed_role_exempts_sessions: bool = True


DEFAULT_OPTIONS = Options()
