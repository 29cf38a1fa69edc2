"""Beside a workload: Envoy's life, its readiness, probes and metrics of the pod, DNS, drain.

environment ──settings──▶ ProxyConfig, Node ──bootstrap──▶ Envoy's bootstrap ──envoy──▶ a running Envoy

proxy_config  the pod's ProxyConfig: defaults, environment, annotation                          [pure]
node          who the proxy is: node id, metadata, locality                                     [pure]
bootstrap     the bootstrap of this proxy, from both                                            [pure]
http          as much HTTP/1.1 as a sidecar's status port needs                                 [I/O]
admin         what is asked of Envoy's admin port: readiness, connections, drain                [I/O]
envoy         the Envoy process: found, started, watched, ended                                 [I/O]
probes        the application's probes, done for the kubelet                                    [I/O]
status        the status port: readiness, probes, merged metrics, quit                          [I/O]
run           all of it, from start to exit code                                                [I/O]
"""
