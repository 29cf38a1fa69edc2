"""AuthorizationPolicy, PeerAuthentication, RequestAuthentication: who may call whom, and with which proof."""

from typing import Annotated, ClassVar, Literal

from pillion.resources.duration import Duration
from pillion.resources.frozen import NOT_EMPTY
from pillion.resources.istio.workload import PolicyTargetReference, WorkloadSelector
from pillion.resources.meta import Metadata
from pillion.value import FrozenMap, Value

AuthorizationPolicyAction = Literal["ALLOW", "DENY", "AUDIT", "CUSTOM"]
MutualTLSMode = Literal["UNSET", "DISABLE", "PERMISSIVE", "STRICT"]
JWTRequirement = Literal["OPTIONAL", "REQUIRED"]


class ExtensionProvider(Value, rename="camel"):
    """The extension provider that decides, by name."""

    name: str = ""


class Source(Value, rename="camel"):
    """Who calls; all that is set must hold."""

    principals: tuple[str, ...] = ()
    not_principals: tuple[str, ...] = ()
    request_principals: tuple[str, ...] = ()
    not_request_principals: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    not_namespaces: tuple[str, ...] = ()
    service_accounts: tuple[str, ...] = ()
    not_service_accounts: tuple[str, ...] = ()
    ip_blocks: tuple[str, ...] = ()
    not_ip_blocks: tuple[str, ...] = ()
    remote_ip_blocks: tuple[str, ...] = ()
    not_remote_ip_blocks: tuple[str, ...] = ()
    trust_domains: tuple[str, ...] = ()
    not_trust_domains: tuple[str, ...] = ()


class From(Value, rename="camel"):
    """A caller of a rule."""

    source: Source | None = None


class Operation(Value, rename="camel"):
    """What is asked for; all that is set must hold."""

    hosts: tuple[str, ...] = ()
    not_hosts: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    not_ports: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    not_methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    not_paths: tuple[str, ...] = ()


class To(Value, rename="camel"):
    """An operation of a rule."""

    operation: Operation | None = None


class Condition(Value, rename="camel"):
    """A further condition, on an attribute of the request."""

    key: str = ""
    values: tuple[str, ...] = ()
    not_values: tuple[str, ...] = ()


class Rule(Value, rename="camel"):
    """One of the callers, one of the operations and all of the conditions must hold."""

    from_: tuple[From, ...] = ()
    to: tuple[To, ...] = ()
    when: tuple[Condition, ...] = ()


class AuthorizationPolicySpec(Value, rename="camel"):
    """The body of an AuthorizationPolicy."""

    selector: WorkloadSelector | None = None
    target_ref: PolicyTargetReference | None = None
    target_refs: tuple[PolicyTargetReference, ...] = ()
    rules: tuple[Rule, ...] = ()
    action: AuthorizationPolicyAction = "ALLOW"
    provider: ExtensionProvider | None = None


class AuthorizationPolicy(Value, rename="camel"):
    """An AuthorizationPolicy: rules for who may do what."""

    metadata: Metadata = Metadata()
    spec: AuthorizationPolicySpec = AuthorizationPolicySpec()


class MutualTLS(Value, rename="camel"):
    """Whether mutual TLS is taken, refused or required."""

    mode: MutualTLSMode = "UNSET"


class PeerAuthenticationSpec(Value, rename="camel"):
    """The body of a PeerAuthentication."""

    selector: WorkloadSelector | None = None
    mtls: MutualTLS | None = None
    port_level_mtls: Annotated[FrozenMap[MutualTLS], NOT_EMPTY] = FrozenMap()


class PeerAuthentication(Value, rename="camel"):
    """A PeerAuthentication: whether a workload takes mutual TLS, plain text or both."""

    metadata: Metadata = Metadata()
    spec: PeerAuthenticationSpec = PeerAuthenticationSpec()


class JWTHeader(Value, rename="camel"):
    """A header that may hold a token."""

    name: str = ""
    prefix: str = ""


class ClaimToHeader(Value, rename="camel"):
    """A claim that is copied into a header."""

    header: str = ""
    claim: str = ""


class JWTRule(Value, rename="camel"):
    """An issuer, where its tokens are found, and its keys."""

    ALIASES: ClassVar[tuple[str, ...]] = ("jwks_uri",)

    issuer: str = ""
    audiences: tuple[str, ...] = ()
    jwks_uri: str = ""
    jwks: str = ""
    from_headers: tuple[JWTHeader, ...] = ()
    from_params: tuple[str, ...] = ()
    output_payload_to_header: str = ""
    from_cookies: tuple[str, ...] = ()
    forward_original_token: bool = False
    output_claim_to_headers: tuple[ClaimToHeader, ...] = ()
    timeout: Duration | None = None
    space_delimited_claims: tuple[str, ...] = ()
    presence: JWTRequirement = "OPTIONAL"


class RequestAuthenticationSpec(Value, rename="camel"):
    """The body of a RequestAuthentication."""

    selector: WorkloadSelector | None = None
    target_ref: PolicyTargetReference | None = None
    target_refs: tuple[PolicyTargetReference, ...] = ()
    jwt_rules: tuple[JWTRule, ...] = ()


class RequestAuthentication(Value, rename="camel"):
    """A RequestAuthentication: which tokens are read and how they are proved."""

    metadata: Metadata = Metadata()
    spec: RequestAuthenticationSpec = RequestAuthenticationSpec()
