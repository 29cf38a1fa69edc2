"""Meshes as a control plane would tell them to one proxy: consistent, and now and then with something refused."""

from hypothesis import strategies as st

from pillion.xds import type_urls
from pillion.xds.cache import inconsistencies
from pillion.xds.resource import Resource, Resources, View, versioned
from support.xds import empty

BROKEN = 3
"""A content that the client refuses."""
contents = st.integers(0, BROKEN)


def body(content: int, name: str, *clusters: str) -> bytes:
    return f"{content} {name} {' '.join(clusters)}".encode()


def clusters_of(route: bytes) -> list[str]:
    return route.decode().split()[2:]


@st.composite
def views(draw: st.DrawFn, *, good: bool = False) -> View:
    """A consistent mesh: clusters with endpoints, listeners with routes, routes to some of the clusters."""
    content = st.integers(0, BROKEN - 1) if good else contents
    clusters = draw(st.dictionaries(st.sampled_from("abcd"), st.tuples(content, content)))
    listeners = draw(st.dictionaries(st.sampled_from("lm"), st.tuples(content, content)))
    resources: list[Resource] = []
    for name, (own, endpoints) in clusters.items():
        needs = ((type_urls.ENDPOINT, name),)
        resources.append(versioned(type_urls.CLUSTER, name, body(own, name), needs))
        resources.append(versioned(type_urls.ENDPOINT, name, body(endpoints, name)))
    for name, (own, routes) in listeners.items():
        resources.append(versioned(type_urls.LISTENER, name, body(own, name), ((type_urls.ROUTE, name),)))
        to = draw(st.sets(st.sampled_from(sorted(clusters)))) if clusters else set[str]()
        needs = tuple((type_urls.CLUSTER, cluster) for cluster in sorted(to))
        resources.append(versioned(type_urls.ROUTE, name, body(routes, name, *sorted(to)), needs))
    view = View(
        (Resources(url, [each for each in resources if each.type_url == url]) for url in type_urls.PUSH_ORDER),
        {type_urls.ENDPOINT: empty},
    )
    assert inconsistencies(view) == ()
    return view
