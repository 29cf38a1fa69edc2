"""What Prometheus is told."""

from pillion.controlplane.plane import Push
from pillion.controlplane.serve.metrics import Metrics, Reading
from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.kubernetes.service import Service
from pillion.resources.meta import Ref
from pillion.xds.type_urls import CLUSTER


def lines(metrics: Metrics) -> set[str]:
    return set(metrics.text().decode().splitlines())


def test_counts_pushes_answers_and_events_under_istios_names() -> None:
    metrics = Metrics("1.2")
    metrics.pushed(Push(generation=1, seconds=0.004, told=3, refused=("x",)))
    metrics.answered(CLUSTER, refused=False)
    metrics.answered(CLUSTER, refused=True)
    metrics.changed([Service(), Sidecar()], [Ref(kind="Service", namespace="a", name="b")])
    assert lines(metrics) >= {
        'pilot_info{version="1.2"} 1.0',
        'pilot_proxy_convergence_time_bucket{le="0.005"} 1.0',
        'pilot_proxy_convergence_time_bucket{le="0.0025"} 0.0',
        "pillion_proxies_told 3.0",
        "pillion_views_refused 1.0",
        'pilot_xds_pushes{type="cds"} 2.0',
        'pilot_total_xds_rejects{type="cds"} 1.0',
        'pilot_k8s_reg_events{event="update",type="Service"} 1.0',
        'pilot_k8s_reg_events{event="delete",type="Service"} 1.0',
        'pilot_k8s_cfg_events{event="update",type="Sidecar"} 1.0',
    }


def test_reads_off_at_every_scrape() -> None:
    values = [1.0]
    metrics = Metrics("1.2")
    metrics.read_off([Reading("pilot_xds", "Proxies.", ("version",), lambda: [(("1.2",), values[0])])])
    assert 'pilot_xds{version="1.2"} 1.0' in lines(metrics)
    values[0] = 2.0
    assert 'pilot_xds{version="1.2"} 2.0' in lines(metrics)
