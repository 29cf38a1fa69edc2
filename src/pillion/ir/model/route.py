"""HTTP routes: a match and what happens to what it matched."""

from typing import Literal

from pillion.ir.model.key import BackendKey
from pillion.ir.model.match import RouteMatch, StringMatch
from pillion.value import Value

NO_TIMEOUT = 0


class HeaderValue(Value):
    """A header to write."""

    name: str
    value: str
    append: bool = False


class HeaderChanges(Value):
    """Headers to write and to take away."""

    request: tuple[HeaderValue, ...] = ()
    request_remove: tuple[str, ...] = ()
    response: tuple[HeaderValue, ...] = ()
    response_remove: tuple[str, ...] = ()


NO_CHANGES = HeaderChanges()


class Retry(Value):
    """When and how often a request is tried again."""

    attempts: int = 2
    on: str = ""
    codes: tuple[int, ...] = ()
    per_try_timeout: int | None = None
    other_hosts: bool = False
    """Never the same member twice."""
    host_attempts: int | None = None
    remote_localities: bool = False
    backoff: int | None = None


class Fraction(Value):
    """A share of requests: `numerator` of `denominator`."""

    numerator: int
    denominator: Literal[100, 10_000, 1_000_000] = 100


class Mirror(Value):
    """A copy of the request goes there; the answer is dropped."""

    backend: BackendKey
    share: Fraction


class HashHeader(Value):
    """Stick by a header."""

    name: str


class HashCookie(Value):
    """Stick by a cookie, made by the proxy when it has a lifetime."""

    name: str
    ttl: int | None = None
    path: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


class HashSource(Value):
    """Stick by the caller's address."""

    source_ip: bool = True


class HashQuery(Value):
    """Stick by a query parameter."""

    name: str


HashKey = HashHeader | HashCookie | HashSource | HashQuery


class Rewrite(Value):
    """How the request is changed before it is sent on."""

    prefix: str = ""
    regex: str = ""
    substitution: str = ""
    host: str = ""


class Weighted(Value):
    """One of several backends, by weight."""

    backend: BackendKey
    weight: int
    changes: HeaderChanges = NO_CHANGES
    host: str = ""
    """Rewritten host, for this backend only."""


class Forward(Value):
    """Send the request to a backend, or to one of several."""

    backends: tuple[Weighted, ...]
    """One with weight 0 stands for all requests."""
    split: bool = False
    """Whether the weights count."""
    timeout: int = NO_TIMEOUT
    retry: Retry | None = None
    rewrite: Rewrite | None = None
    mirrors: tuple[Mirror, ...] = ()
    hash_keys: tuple[HashKey, ...] = ()
    inbound: bool = False
    """Towards the workload itself: timeouts asked for by callers are ignored."""
    forwarded_host: bool = False


class Redirect(Value):
    """Tell the caller to go elsewhere."""

    host: str = ""
    path: str = ""
    prefix: str | None = None
    scheme: str = ""
    port: int = 0
    code: int = 301


class DirectResponse(Value):
    """Answer in place of a backend."""

    status: int
    text: str | None = None
    raw: bytes | None = None


class NoAction(Value):
    """A route that cannot be rendered: a redirect with a code that no proxy knows."""


Action = Forward | Redirect | DirectResponse | NoAction


class Fault(Value):
    """Delays and aborts on purpose."""

    delay: int | None = None
    delay_share: Fraction | None = None
    abort_status: int | None = None
    abort_grpc: int | None = None
    abort_share: Fraction | None = None


class Cors(Value):
    """Cross-origin rules."""

    origins: tuple[StringMatch, ...] = ()
    methods: str = ""
    headers: str = ""
    expose: str = ""
    max_age: str = ""
    credentials: bool | None = None
    forward_unmatched: bool = True


class Route(Value):
    """A match and what happens to what it matched."""

    name: str = ""
    match: RouteMatch = RouteMatch()
    action: Action
    changes: HeaderChanges = NO_CHANGES
    fault: Fault | None = None
    cors: Cors | None = None
    origin: str = ""
    """`namespace/name` of the VirtualService that it comes from."""
    operation: str = ""
    """What traces call it."""
    statistics: str = ""

    @property
    def targets(self) -> tuple[BackendKey, ...]:
        """All backends that requests may be sent to, copies included."""
        if not isinstance(self.action, Forward):
            return ()
        return (
            *(item.backend for item in self.action.backends),
            *(mirror.backend for mirror in self.action.mirrors),
        )
