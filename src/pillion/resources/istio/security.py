"""Istio resources."""

from typing import Literal

from pillion.resources.duration import Duration
from pillion.resources.istio.workload import PolicyTargetReference, WorkloadSelector
from pillion.resources.meta import Metadata
from pillion.value import FrozenMap, Value

AuthorizationPolicyAction = Literal["ALLOW", "DENY", "AUDIT", "CUSTOM"]
MutualTLSMode = Literal["UNSET", "DISABLE", "PERMISSIVE", "STRICT"]


class ExtensionProvider(Value, rename="camel"):
    """`AuthorizationPolicy.ExtensionProvider` of the API."""

    name: str = ""


class Source(Value, rename="camel"):
    """`Source` of the API."""

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
    """`Rule.From` of the API."""

    source: Source | None = None


class Operation(Value, rename="camel"):
    """`Operation` of the API."""

    hosts: tuple[str, ...] = ()
    not_hosts: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    not_ports: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    not_methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    not_paths: tuple[str, ...] = ()


class To(Value, rename="camel"):
    """`Rule.To` of the API."""

    operation: Operation | None = None


class Condition(Value, rename="camel"):
    """`Condition` of the API."""

    key: str = ""
    values: tuple[str, ...] = ()
    not_values: tuple[str, ...] = ()


class Rule(Value, rename="camel"):
    """`Rule` of the API."""

    from_: tuple[From, ...] = ()
    to: tuple[To, ...] = ()
    when: tuple[Condition, ...] = ()


class AuthorizationPolicySpec(Value, rename="camel"):
    """`AuthorizationPolicy` of the API."""

    selector: WorkloadSelector | None = None
    target_ref: PolicyTargetReference | None = None
    target_refs: tuple[PolicyTargetReference, ...] = ()
    rules: tuple[Rule, ...] = ()
    action: AuthorizationPolicyAction = "ALLOW"
    provider: ExtensionProvider | None = None


class AuthorizationPolicy(Value, rename="camel"):
    """The resource."""

    metadata: Metadata = Metadata()
    spec: AuthorizationPolicySpec = AuthorizationPolicySpec()


class MutualTLS(Value, rename="camel"):
    """`PeerAuthentication.MutualTLS` of the API."""

    mode: MutualTLSMode = "UNSET"


class PeerAuthenticationSpec(Value, rename="camel"):
    """`PeerAuthentication` of the API."""

    selector: WorkloadSelector | None = None
    mtls: MutualTLS | None = None
    port_level_mtls: FrozenMap[MutualTLS] = FrozenMap()


class PeerAuthentication(Value, rename="camel"):
    """The resource."""

    metadata: Metadata = Metadata()
    spec: PeerAuthenticationSpec = PeerAuthenticationSpec()


class JWTHeader(Value, rename="camel"):
    """`JWTHeader` of the API."""

    name: str = ""
    prefix: str = ""


class ClaimToHeader(Value, rename="camel"):
    """`ClaimToHeader` of the API."""

    header: str = ""
    claim: str = ""


class JWTRule(Value, rename="camel"):
    """`JWTRule` of the API."""

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


class RequestAuthenticationSpec(Value, rename="camel"):
    """`RequestAuthentication` of the API."""

    selector: WorkloadSelector | None = None
    target_ref: PolicyTargetReference | None = None
    target_refs: tuple[PolicyTargetReference, ...] = ()
    jwt_rules: tuple[JWTRule, ...] = ()


class RequestAuthentication(Value, rename="camel"):
    """The resource."""

    metadata: Metadata = Metadata()
    spec: RequestAuthenticationSpec = RequestAuthenticationSpec()
