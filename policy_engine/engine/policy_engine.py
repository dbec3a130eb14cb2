"""The engine: what is known, kept compiled, and the questions that can be asked."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from policy_engine.calls.principals import parse_principal
from policy_engine.case import ascii_lower
from policy_engine.engine.callers import Caller, Directory, names_of
from policy_engine.engine.compiled import Compiled, CompiledTable, Once, Tools
from policy_engine.engine.context import canonical_context, check_canonical, own_spelling, with_tokens
from policy_engine.engine.decisions import answered, decision_of, failed_decision
from policy_engine.engine.keys import KeyEntry
from policy_engine.engine.organization import OrganizationRows
from policy_engine.engine.situation import Ceilings, EndpointRows, Situation
from policy_engine.errors import BundleError, Diagnostic, PolicyEngineError, RequestError
from policy_engine.graph.lowering import lower_policy
from policy_engine.graph.tests import SharedTests
from policy_engine.model.bundle import Bundle, KeyRecord
from policy_engine.model.decision import Decision, Outcome
from policy_engine.model.options import Options
from policy_engine.model.policy import PolicyKind
from policy_engine.reading import read_policy
from policy_engine.syntax.arn import parse_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from policy_engine.engine.residuals import Residual
    from policy_engine.model.bundle import GroupRecord, Organization, PrincipalRecord, VpcEndpoint
    from policy_engine.model.grant import Grant
    from policy_engine.model.principal import Principal
    from policy_engine.model.request import ContextInput, Request, RequestContext

MOST_CALLERS = 65_536
"""How many callers are kept; one more, and all questions so far are forgotten."""
NO_CONTEXT: ContextInput = MappingProxyType({})
_INCOMPLETE = Diagnostic(
    "incomplete-bundle",
    "a part of the bundle could not be read, so nothing is decided from it",
    help="mend what is at fault; a bundle that was loaded with strict=False is for reports",
)


class PolicyEngine:
    """Decides requests by the policies, grants and records that it was given.

    Threads may share an engine: questions take no lock once a (principal, action, resource) was asked before,
    changes are atomic, and a question that begins after a change has returned sees it.

    Args:
        bundle: what to start from; nothing is fine.
        options: the named choices where sources conflict.

    Raises:
        BundleError: a part of the bundle could not be read: what is missing may deny.
    """

    def __init__(self, bundle: Bundle | None = None, *, options: Options | None = None) -> None:
        bundle = bundle or Bundle()
        if bundle.faults:
            raise BundleError((_INCOMPLETE, *bundle.faults))
        self.options = options or Options()
        self._lock = threading.RLock()
        self._tests = SharedTests(self.options)
        self._passing = self._tests.passing()
        self._directory = Directory(bundle.principals, bundle.groups)
        self._keys = {arn: KeyEntry(record, self._tests) for arn, record in bundle.keys.items()}
        self._organization = OrganizationRows(bundle.organization, self._tests)
        self._endpoints = tuple(self._endpoint(endpoint) for endpoint in bundle.vpc_endpoints)
        self._callers: dict[str, Caller] = {}
        self._tools = Tools()
        self._compiled = CompiledTable()
        # where contexts are to be checked nothing is on the hot path
        self._decide = {} if self.options.check_context else self._compiled.decide
        self._decide_spelt = self._compiled.decide_spelt
        self._answers = self._compiled.answers

    def __repr__(self) -> str:
        return f"<PolicyEngine with {len(self._keys)} keys>"

    # -- questions ----------------------------------------------------------------------------------------

    def authorize(
        self,
        request: Request,
        *,
        unknown: Iterable[str] = (),
        canonical: bool = False,
        key: KeyRecord | None = None,
    ) -> Decision:
        """Decide a request, with the statements or the grant that decided.

        An internal error denies the request and says so in the decision's diagnostics.

        Args:
            request: what is asked.
            unknown: condition keys whose values are not known, in any spelling; one that ends in `:` or `/`
                stands for all that begin with it. They may have any value or be absent: the answer is allowed
                only where all of that allows, else undetermined with the expression that decides.
            canonical: the request's context is as `context` gives it, keys and values; to make it so takes
                longer than to decide. What is said of any other context means nothing; it is refused where
                `Options.check_context` is set.
            key: decide as if this were put, for this question alone: no other one sees it, and nothing of it
                is kept. What a policy would allow is so asked before it is put.

        Raises:
            RequestError: the principal is no principal, a context value has no meaning, a key that is not
                known has no name, or `Options.check_context` is set and a canonical context is none.
        """
        context = self._taken(request.context) if canonical else canonical_context(request.context)
        if request.grant_tokens:
            context = with_tokens(context, request.grant_tokens)
        if unknown or request.grant is not None or key is not None:
            return self._authorize_with_care(request, context, unknown, key)
        try:
            compiled, answer = self._answers[request.action][request.resource][request.principal]  # type: ignore[index] # no name is not found
            outcome, path, origins = answer(context)
        except Exception:  # noqa: BLE001 - as in `decide`
            return self._authorize_with_care(request, context, ())
        return answered(request, compiled, context, outcome, path, origins)

    def decide(self, principal: str, action: str, resource: str, context: RequestContext) -> Outcome:
        """Decide a request given in canonical form: the hot path.

        Args:
            principal: the caller's ARN or a service's name.
            action: `kms:Decrypt`.
            resource: the key's ARN, or `*`.
            context: canonical, as `context` gives it.

        Raises:
            RequestError: the principal is none, or `Options.check_context` is set and a key is not canonical.
        """
        try:
            return self._decide[action][resource][principal](context)
        except Exception:  # noqa: BLE001 - not asked before, a key that is not there, whatever: with care then
            return self._decide_with_care(principal, action, resource, context)

    def bind(self, principal: str, session_context: ContextInput | None = None) -> Callable[..., Outcome]:
        """A `decide` for one caller: `ask(action, resource, context={})`, with keys in any spelling.

        A call's context is joined to the session's, which wins where both have a key.

        Raises:
            RequestError: the principal is none; when called, a context value has no meaning.
        """
        parse_principal(principal)
        session = dict(session_context or {})
        decide = self._decide_spelt

        def ask(action: str, resource: str, context: ContextInput = NO_CONTEXT) -> Outcome:
            given = {**context, **session} if session else context
            try:
                own = own_spelling(given)
            except (KeyError, TypeError):
                return self.decide(principal, action, resource, canonical_context(given))
            try:
                return decide[action][resource][principal](given, own)
            except Exception:  # noqa: BLE001 - as in `decide`
                outcome = self.decide(principal, action, resource, canonical_context(given))
                self._keep_spelt(principal, action, resource)
                return outcome

        return ask

    def decide_many(self, requests: Iterable[tuple[str, str, str, RequestContext]]) -> list[Outcome]:
        """`decide` for many requests."""
        decide = self.decide
        return [decide(*request) for request in requests]

    @staticmethod
    def context(mapping: ContextInput) -> RequestContext:
        """The canonical form of a context: catalogue spelling, text values.

        Raises:
            RequestError: a key is empty, or a value has no meaning.
        """
        return canonical_context(mapping)

    def residual(self, request: Request) -> Residual:
        """The decision graph that a request is decided by, for explanation and analysis."""
        return self._compiled_for(request).residual

    def key(self, arn: str) -> KeyRecord | None:
        """The record of a key, or None."""
        entry = self._keys.get(arn)
        return entry.record if entry else None

    @property
    def keys(self) -> tuple[str, ...]:
        """The ARNs of all keys."""
        return tuple(self._keys)

    # -- changes ------------------------------------------------------------------------------------------

    def put_key(self, record: KeyRecord) -> None:
        """Add or replace a key; of its policy and grants only what is new is compiled."""
        before = self._keys.get(record.arn)
        entry = before.successor(record) if before else KeyEntry(record, self._tests)
        with self._lock:
            self._keys[record.arn] = entry
            self._compiled.forget(record.arn)

    def remove_key(self, arn: str) -> None:
        """Forget a key; requests for it are denied from then on."""
        with self._lock:
            self._keys.pop(arn, None)
            self._compiled.forget(arn)

    def put_key_policy(self, key_arn: str, text: str | bytes) -> None:
        """Replace a key's policy by one read from its text; on an error nothing changes.

        Raises:
            PolicySyntaxError: the text is not strict JSON.
            PolicySchemaError: it is no key policy.
        """
        policy = read_policy(text, kind=PolicyKind.KEY, name="default", file=f"<key policy of {key_arn}>")
        with self._lock:
            self.put_key(replace(self._record(key_arn), policy=policy))

    def remove_key_policy(self, key_arn: str) -> None:
        """Take a key's policy away; only grants are left."""
        with self._lock:
            self.put_key(replace(self._record(key_arn), policy=None))

    def put_grants(self, key_arn: str, grants: Iterable[Grant]) -> None:
        """Replace all grants of a key."""
        with self._lock:
            self.put_key(replace(self._record(key_arn), grants=tuple(grants)))

    def remove_grants(self, key_arn: str) -> None:
        """Take all grants of a key away."""
        self.put_grants(key_arn, ())

    def put_principal(self, record: PrincipalRecord) -> None:
        """Add or replace a user, role or session."""
        with self._lock:
            self._directory.put(record)
            self._forget_callers(record.arn)

    def remove_principal(self, arn: str) -> None:
        """Forget a principal; it has no identity policies from then on."""
        with self._lock:
            self._directory.remove(arn)
            self._forget_callers(arn)

    def put_group(self, record: GroupRecord) -> None:
        """Add or replace a group."""
        with self._lock:
            self._directory.put_group(record)
            self._forget_callers(record.arn)

    def remove_group(self, arn: str) -> None:
        """Forget a group."""
        with self._lock:
            self._directory.remove_group(arn)
            self._forget_callers(arn)

    def put_organization(self, organization: Organization) -> None:
        """Set the organization with its SCPs and RCPs."""
        rows = OrganizationRows(organization, self._tests)
        with self._lock:
            self._organization = rows
            self._compiled.clear()

    def remove_organization(self) -> None:
        """The accounts are in no organization from then on."""
        with self._lock:
            self._organization = OrganizationRows(None, self._tests)
            self._compiled.clear()

    def forget_questions(self) -> None:
        """Forget what was worked out for questions asked so far; the policies stay, and so do all answers.

        Of use where memory counts more than time. What is remembered of rows alone is bounded, and stays.
        """
        with self._lock:
            self._callers.clear()
            self._compiled.clear()
            self._tools.blueprints.forget()

    # -- inside -------------------------------------------------------------------------------------------

    def _record(self, key_arn: str) -> KeyRecord:
        entry = self._keys.get(key_arn)
        return entry.record if entry else KeyRecord(key_arn)

    def _forget_callers(self, arn: str) -> None:
        """Forget the callers that a record touches which has come, changed or gone: a role has sessions."""
        names = names_of(arn)
        touched = {name for name, caller in self._callers.items() if not names.isdisjoint(caller.rests_on)}
        for name in touched:
            del self._callers[name]
        self._compiled.forget_callers(touched)

    def _taken(self, context: ContextInput) -> RequestContext:
        """A copy of a context that is said to be canonical: what a decision says later rests on it."""
        taken: RequestContext = dict(context)  # type: ignore[arg-type] # as its caller says
        if self.options.check_context:
            check_canonical(taken)
        return taken

    def _decide_with_care(
        self, principal: str, action: str, resource: str, context: RequestContext
    ) -> Outcome:
        """Decide what the hot path does not, and put it there for the next time."""
        if self.options.check_context:
            check_canonical(context)
        # The lock keeps a change from slipping in between reading policies and keeping what they became.
        with self._lock:
            try:
                compiled = self._kept(principal, action, resource)
                outcome = compiled.outcome(context)
                self._compiled.put_decide(principal, action, resource, compiled)
            except PolicyEngineError:
                raise
            except Exception:  # noqa: BLE001 - whatever fails inside must deny, never pass
                return Outcome.IMPLICIT_DENY
            return outcome

    def _keep_answer(self, principal: str, action: str, resource: str, compiled: Compiled) -> None:
        """Put what answers on the hot path, unless a change has come in between."""
        with self._lock:
            if self._compiled.find(principal, action, resource) is compiled:
                self._compiled.put_answer(principal, action, resource, compiled)

    def _keep_spelt(self, principal: str, action: str, resource: str) -> None:
        """Put what decides a context as it is spelt on the hot path, where that can be."""
        compiled = self._compiled.find(principal, action, resource)
        if compiled is None or compiled.decide_spelt is None:
            return
        with self._lock:  # unless a change has come in between
            if self._compiled.find(principal, action, resource) is compiled:
                self._compiled.put_spelt(principal, action, resource, compiled)

    def _authorize_with_care(
        self,
        request: Request,
        context: RequestContext,
        unknown: Iterable[str],
        key: KeyRecord | None = None,
    ) -> Decision:
        """Authorize what the hot path does not, and put it there for the next time."""
        if isinstance(unknown, str):
            raise RequestError("`unknown` is a list of condition keys", help="write [key]")
        if isinstance(request.principal, str):
            parse_principal(request.principal)
        try:
            if key is not None:
                return self._authorize_once(request, context, unknown, key)
            compiled = self._compiled_for(request)
            if unknown or compiled.by_graph:
                return decision_of(request, compiled, context, unknown)
            outcome, path, origins = compiled.answer(context)
            if isinstance(request.principal, str):
                self._keep_answer(request.principal, request.action, request.resource, compiled)
            return answered(request, compiled, context, outcome, path, origins)
        except PolicyEngineError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever fails inside must deny, never pass
            return failed_decision(request, error)

    def _compiled_for(self, request: Request) -> Compiled:
        principal = request.principal
        if isinstance(principal, str) and request.grant is None:
            return self._kept(principal, request.action, request.resource)
        with self._lock:
            return Compiled(self._situation_once(request), self._tools)

    def _authorize_once(
        self, request: Request, context: RequestContext, unknown: Iterable[str], key: KeyRecord
    ) -> Decision:
        """Authorize as if a key were put."""
        put = KeyEntry(key, self._passing)
        with self._lock:
            once = Once(self._situation_once(request, put), self._tools)
        answer = None if unknown else once.answer(context)
        if answer is None:
            return decision_of(request, once, context, unknown)
        return answered(request, once, context, *answer)

    def _kept(self, principal: str, action: str, resource: str) -> Compiled:
        compiled = self._compiled.find(principal, action, resource)
        if compiled is None:
            with self._lock:
                key = self._keys.get(resource)
                situation = self._situation(self._caller(principal), action, resource, key)
                compiled = Compiled(situation, self._tools)
                self._compiled.keep(principal, action, resource, compiled)
        return compiled

    def _caller(self, name: str) -> Caller:
        caller = self._callers.get(name)
        if caller is None:
            if len(self._callers) >= MOST_CALLERS:  # sessions come with a new name each time
                self.forget_questions()
            caller = self._callers[name] = self._directory.resolve(parse_principal(name), self._tests)
        return caller

    def _situation_once(self, request: Request, put: KeyEntry | None = None) -> Situation:
        """The situation of a request of which nothing is kept, as if a key were put."""
        caller = self._caller_once(request.principal)
        is_put = put is not None and put.record.arn == request.resource
        key = put if is_put else self._keys.get(request.resource)
        return self._situation(caller, request.action, request.resource, key, request.grant)

    def _caller_once(self, principal: str | Principal) -> Caller:
        """A caller who is not kept; one who is serves, without remembering what rows name."""
        if isinstance(principal, str):
            if (kept := self._callers.get(principal)) is not None:
                return replace(kept, matches={})
            principal = parse_principal(principal)
        return self._directory.resolve(principal, self._tests)

    def _situation(
        self, caller: Caller, action: str, resource: str, key: KeyEntry | None, grant: Grant | None = None
    ) -> Situation:
        return Situation(
            caller=caller,
            key=key,
            action=ascii_lower(action),
            resource=resource,
            ceilings=self._ceilings(caller.principal, resource),
            options=self.options,
            grant=grant,
        )

    def _ceilings(self, principal: Principal, resource: str) -> Ceilings:
        arn = parse_arn(resource)
        owner = (arn.account if arn else "") or principal.account
        return Ceilings(
            scps=self._organization.scps(principal.account),
            rcps=self._organization.rcps(owner),
            endpoints=self._endpoints,
        )

    def _endpoint(self, endpoint: VpcEndpoint) -> EndpointRows:
        return EndpointRows(endpoint.id, tuple(lower_policy(endpoint.policy, (), self._tests)))
