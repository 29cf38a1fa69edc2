from pillion.ir.policy.cluster_local import cluster_local_hosts, is_cluster_local
from pillion.resources.decode import decode_mesh_config
from support.scopes import CONFIG

DOMAIN = "cluster.local"


def test_the_api_server_and_the_system_are_local() -> None:
    hosts = cluster_local_hosts(CONFIG, DOMAIN)
    assert is_cluster_local("kubernetes.default.svc.cluster.local", hosts)
    assert is_cluster_local("dns.kube-system.svc.cluster.local", hosts)
    assert is_cluster_local("istiod.istio-system.svc.cluster.local", hosts)
    assert not is_cluster_local("web.shop.svc.cluster.local", hosts)


def test_settings_count_by_the_most_specific_host() -> None:
    config, _ = decode_mesh_config(
        {
            "serviceSettings": [
                {"settings": {"clusterLocal": True}, "hosts": ["*.shop.svc.cluster.local"]},
                {
                    "settings": {"clusterLocal": False},
                    "hosts": ["web.shop.svc.cluster.local", "*.kube-system.svc.cluster.local"],
                },
            ]
        }
    )
    hosts = cluster_local_hosts(config, DOMAIN)
    assert is_cluster_local("db.shop.svc.cluster.local", hosts)
    assert not is_cluster_local("web.shop.svc.cluster.local", hosts)
    assert not is_cluster_local("dns.kube-system.svc.cluster.local", hosts)
