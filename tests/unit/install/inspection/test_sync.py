from pillion.install.inspection.sync import TypeSync, read_sync

PAGE = [
    {
        "cluster_id": "Kubernetes",
        "proxy": "web-1.shop",
        "proxy_version": "1.29",
        "cluster_sent": "a",
        "cluster_acked": "a",
        "listener_sent": "b",
        "listener_acked": "",
        "endpoint_sent": "c",
        "endpoint_acked": "",
        "endpoint_rejected": {"nonce": "c", "message": "no such thing", "names": []},
        "route_sent": "",
        "route_acked": "",
    }
]


def test_a_type_is_synced_stale_not_sent_or_refused() -> None:
    (proxy,) = read_sync(PAGE, "istiod-1")
    assert proxy.types == (
        TypeSync(state="SYNCED"),
        TypeSync(state="STALE"),
        TypeSync(state="ERROR", problem="no such thing"),
        TypeSync(state="NOT SENT"),
    )
    assert (proxy.proxy, proxy.version, proxy.replica, proxy.cluster) == (
        "web-1.shop",
        "1.29",
        "istiod-1",
        "Kubernetes",
    )
    assert proxy.is_behind


def test_what_was_never_asked_for_is_no_delay() -> None:
    (proxy,) = read_sync([{"proxy": "idle.shop", "cluster_sent": "a", "cluster_acked": "a"}], "istiod-1")
    assert [each.state for each in proxy.types] == ["SYNCED", "NOT SENT", "NOT SENT", "NOT SENT"]
    assert not proxy.is_behind
