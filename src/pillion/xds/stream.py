"""One aggregated discovery stream as a state machine without I/O: requests and views in, responses out.

The shell calls `receive` for each request, `show` for each new view, and `next` whenever the transport can take one
more response: what to send is decided then, from the newest view, so a slow client gets fewer and newer responses.
When `next` gives None while `patience` is not None, the shell calls `lapse` after that many seconds, unless what was
`awaited` when they began is awaited no more: then other seconds begin.

Mirrors Envoy's side of the protocol: it withholds the acknowledgement of changed clusters until each has been sent its
endpoints again, and it does not ask for them (delta).
"""

from typing import Literal, NamedTuple, final

from pillion.value import Value
from pillion.xds import frame, type_urls
from pillion.xds.request import DeltaRequest, Refusal, StateRequest
from pillion.xds.resource import NO_NAMES, Resource, View
from pillion.xds.status import StreamStatus, TypeStatus
from pillion.xds.subscription import Sent, Subscription, Told

Dialect = Literal["delta", "state"]
ACK_PATIENCE = 2.0
"""Seconds to wait for an acknowledgement before going on without it."""
BURST_PATIENCE = 0.05
"""Seconds to wait for the rest of a reconnecting client's requests."""


class Acked(Value):
    """The client took a response."""

    type_url: str
    nonce: str


class Nacked(Value):
    """The client refused a response; it goes on with what it had."""

    type_url: str
    nonce: str
    names: tuple[str, ...]
    refusal: Refusal


Event = Acked | Nacked


class Response(NamedTuple):
    """One response to write."""

    type_url: str
    nonce: str
    parts: tuple[bytes, ...]
    """The message, whose greater part may be what others are sent, too."""
    resources: int
    removed: int

    @property
    def size(self) -> int:
        """Bytes of the message."""
        return sum(map(len, self.parts))

    @property
    def data(self) -> bytes:
        """The message in one piece."""
        return b"".join(self.parts)


@final
class Stream:
    """The server's side of one stream."""

    __slots__ = ("_burst_over", "_dialect", "_nonce", "_ordered", "_seen", "_subscriptions", "_warming", "view")

    def __init__(self, dialect: Dialect, view: View | None = None) -> None:
        self.view = view
        self._dialect: Dialect = dialect
        self._nonce = 0
        self._seen: View | None = None
        """The view to which all subscriptions have been brought."""
        self._subscriptions: dict[str, Subscription] = {}
        self._ordered: list[Subscription] = []
        self._warming: frozenset[str] = NO_NAMES
        """Names of resources that the client will wait for when it asks for them, whatever versions it says it has."""
        self._burst_over = False

    def show(self, view: View) -> None:
        """Let the client have this view from now on."""
        self.view = view

    def receive(self, request: DeltaRequest | StateRequest) -> tuple[Event, ...]:
        """Take a request; return what it says about earlier responses."""
        subscription = self._subscriptions.get(request.type_url)
        match request:
            case DeltaRequest():
                return self._receive_delta(request, subscription)
            case StateRequest():
                return self._receive_state(request, subscription)

    def _receive_delta(self, request: DeltaRequest, subscription: Subscription | None) -> tuple[Event, ...]:
        known = dict(request.initial_resource_versions)
        wildcard = "*" in request.subscribe
        if subscription is None:
            if request.type_url in type_urls.WARMS_WITH.values() and type_urls.CLUSTER not in self._subscriptions:
                known = {}  # Envoy asks for clusters first, unless some of them are waiting for their endpoints
            wildcard = wildcard or (not request.subscribe and request.type_url not in type_urls.BY_NAME)
            subscription = self._open(request.type_url)
            subscription.resumed = "*" if known else ""
        events = self._land(subscription, request.response_nonce, request.refusal)
        if "*" in request.unsubscribe:
            subscription.unsubscribe_all()
        if request.unsubscribe:
            subscription.unsubscribe(request.unsubscribe)
        asked = {name: known.pop(name, None) for name in request.subscribe if name != "*"}
        if asked:
            asked |= dict.fromkeys(self._warming.intersection(asked))
            self._warming = self._warming.difference(asked) or NO_NAMES
            subscription.subscribe(asked)
        if wildcard:
            subscription.subscribe_all(known)
        return events

    def _receive_state(self, request: StateRequest, subscription: Subscription | None) -> tuple[Event, ...]:
        asked = dict.fromkeys(request.resource_names)
        if subscription is None:
            subscription = self._open(request.type_url)
            if "*" in asked or not (asked or request.type_url in type_urls.BY_NAME):
                subscription.subscribe_all({})
                subscription.resumed = request.version_info
        elif request.response_nonce != (subscription.sent.nonce if subscription.sent else ""):
            return ()  # stale: the client had not seen the last response when it wrote this
        events = self._land(subscription, request.response_nonce, request.refusal)
        if "*" in asked:
            del asked["*"]
            if not subscription.wildcard:
                subscription.subscribe_all({})
        elif asked and subscription.wildcard:
            subscription.unsubscribe_all()
        if subscription.names != asked.keys():
            subscription.unsubscribe(subscription.names - asked.keys())
            subscription.subscribe({name: None for name in asked if name not in subscription.names})
        return events

    def _open(self, type_url: str) -> Subscription:
        self._seen = None
        subscription = self._subscriptions[type_url] = Subscription(type_url, wildcard=False)
        self._ordered = sorted(self._subscriptions.values(), key=lambda each: type_urls.order(each.type_url))
        return subscription

    @staticmethod
    def _land(subscription: Subscription, nonce: str, refusal: Refusal | None) -> tuple[Event, ...]:
        sent = subscription.land(nonce, refusal) if nonce else None
        if sent is None:
            return ()
        if refusal is None:
            return (Acked(type_url=subscription.type_url, nonce=nonce),)
        return (Nacked(type_url=subscription.type_url, nonce=nonce, names=tuple(sent.names), refusal=refusal),)

    def next(self) -> Response | None:
        """Return the next response to write, decided now; None when there is nothing to say that need not wait."""
        if self.view is None:
            return None
        if self._seen is not self.view:
            self._advance(self.view)
        for subscription in self._ordered:
            if not (subscription.owed or subscription.leaving or subscription.answer):
                continue
            response = self._respond(subscription, self.view)
            if response is not None:
                return response
        return None

    def _advance(self, view: View) -> None:
        self._seen = view
        for subscription in self._ordered:
            target = view.resources(subscription.type_url)
            if target is None:
                target = subscription.base.updated(removed=subscription.base.names())
            subscription.advance(target)
            if self._dialect == "state" and subscription.resumed:
                subscription.resume_at(subscription.resumed)
                subscription.resumed = ""

    def _respond(self, subscription: Subscription, view: View) -> Response | None:
        changes = bool(subscription.answer or subscription.owed) and self._changes_may_go(subscription)
        removals = self._removals_may_go(subscription) and (changes or not (subscription.owed or subscription.answer))
        if not (changes or removals or (subscription.urgent and self._answers_may_go(subscription))):
            return None
        told = subscription.take(view.fallbacks.get(subscription.type_url), changes=changes, removals=removals)
        if not (told.resources or told.removed or subscription.answer):
            return None
        self._nonce += 1
        nonce = str(self._nonce)
        parts = self._serialise(subscription, told, nonce)
        if parts is None:
            return None
        subscription.launch(nonce, told)
        self._warm(subscription.type_url, told.resources)
        return Response(subscription.type_url, nonce, parts, len(told.resources), len(told.removed))

    def _serialise(self, subscription: Subscription, told: Told, nonce: str) -> tuple[bytes, ...] | None:
        type_url, base = subscription.type_url, subscription.base
        if self._dialect == "delta":
            if told.everything:
                return base.delta_body, frame.delta_response(type_url, (), told.removed, nonce)
            frames = (each.delta_frame for each in told.resources)
            return (frame.delta_response(type_url, frames, told.removed, nonce),)
        if not subscription.wildcard:
            if not told.resources:
                return None  # there is no way to say that a resource is gone
            frames = (each.state_frame for each in told.resources)
            return (frame.state_response(type_url, frames, base.version, nonce),)
        kept = [each.state_frame for each in subscription.leaving.values() if isinstance(each, Resource)]
        version = f"{base.version}+" if kept else base.version
        return base.state_body, frame.state_response(type_url, kept, version, nonce)

    def _warm(self, type_url: str, sent: tuple[Resource, ...]) -> None:
        warmed = type_urls.WARMS_WITH.get(type_url)
        if warmed is None:
            return
        subscription = self._subscriptions.get(warmed)
        names = dict.fromkeys(name for resource in sent for need, name in resource.needs if need == warmed)
        for name in list(names):
            if subscription is not None and subscription.wants(name):
                subscription.renew(name)
                del names[name]
        if names:
            self._warming |= names.keys()

    def _changes_may_go(self, subscription: Subscription) -> bool:
        if subscription.answer and not subscription.resumed:
            return True
        if self._awaits_burst(subscription):
            return False
        if subscription.busy and subscription.acked is not None:
            return False  # merged until the last is acknowledged, by a client that is known to acknowledge
        waits_for = type_urls.CHANGE_WAITS_FOR.get(subscription.type_url, ())
        return not any(self._subscriptions[each].moving for each in waits_for if each in self._subscriptions)

    def _answers_may_go(self, subscription: Subscription) -> bool:
        waits_for = type_urls.CHANGE_WAITS_FOR.get(subscription.type_url, ())
        others = [self._subscriptions[each] for each in waits_for if each in self._subscriptions]
        return not any(other.moving and other.acked is not None for other in others)

    def _removals_may_go(self, subscription: Subscription) -> bool:
        if not subscription.leaving or (subscription.busy and subscription.acked is not None):
            return False
        for each in type_urls.REMOVAL_WAITS_FOR.get(subscription.type_url, ()):
            other = self._subscriptions.get(each)
            if other is not None and (other.moving or other.leaving):
                return False
        return True

    def _awaits_burst(self, subscription: Subscription) -> bool:
        if self._burst_over or not (subscription.answer and subscription.resumed):
            return False
        waits_for = type_urls.REMOVAL_WAITS_FOR.get(subscription.type_url, ())
        return any(each not in self._subscriptions for each in waits_for)

    @property
    def patience(self) -> float | None:
        """How long to wait before `lapse`, in seconds; None when nothing waits for the client."""
        if self.view is None or not self.pending:
            return None
        return BURST_PATIENCE if any(self._awaits_burst(each) for each in self._ordered) else ACK_PATIENCE

    @property
    def awaited(self) -> int:
        """The number of the last response that `patience` is for; 0: it is for a reconnecting client's requests.

        Responses that are sent later are waited for, too, but in their own time.
        """
        return 0 if self.patience == BURST_PATIENCE else self._nonce

    def awaits(self, awaited: int) -> bool:
        """Return whether anything is still waited for that was `awaited`."""
        if (self.patience == BURST_PATIENCE) != (awaited == 0):
            return False
        return awaited == 0 or any(each.busy and _is_up_to(each, awaited) for each in self._ordered)

    def lapse(self, awaited: int | None = None) -> None:
        """Stop waiting for what was `awaited` when the shell's seconds began (None: for whatever is awaited now)."""
        if awaited is None:
            awaited = self.awaited
        if awaited == 0:
            self._burst_over = True
            return
        for subscription in self._ordered:
            if _is_up_to(subscription, awaited):
                subscription.overdue = True

    @property
    def pending(self) -> bool:
        """Whether there may be something to say, now or after a wait."""
        if self._seen is not self.view:
            return True
        return any(each.owed or each.leaving or each.answer for each in self._ordered)

    @property
    def settled(self) -> bool:
        """Whether the client has asked for something and has acknowledged (or refused) all of the view."""
        return self._seen is not None and self._seen is self.view and all(each.settled for each in self._ordered)

    def status(self) -> StreamStatus:
        """Return what the client was sent and what it acknowledged, by type."""
        return StreamStatus(dialect=self._dialect, types=tuple(_type_status(each) for each in self._ordered))


def _is_up_to(subscription: Subscription, number: int) -> bool:
    """Return whether a response up to this one is yet to be acknowledged."""
    return bool(subscription.in_flight) and int(subscription.in_flight[0].nonce) <= number


def _type_status(subscription: Subscription) -> TypeStatus:
    sent, acked, nack = subscription.sent, subscription.acked, subscription.nack
    return TypeStatus(
        type_url=subscription.type_url,
        wildcard=subscription.wildcard,
        names=len(subscription.names),
        sent_nonce=_nonce(sent),
        sent_version=sent.resources.version if sent else "",
        acked_nonce=_nonce(acked),
        acked_version=acked.resources.version if acked else "",
        nack_nonce=nack.nonce if nack else "",
        nack=nack.refusal.message if nack else "",
        nacked_names=nack.names if nack else (),
        pending=not subscription.settled,
    )


def _nonce(sent: Sent | None) -> str:
    return sent.nonce if sent else ""
