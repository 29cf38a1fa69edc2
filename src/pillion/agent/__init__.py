"""Beside a workload: Envoy's life, its readiness, probes and metrics of the pod, DNS, drain.

environment ──plan──▶ Plan (command line, bootstrap) ──process──▶ Envoy ──run──▶ exit code

main          from start to exit code
plan          everything that is decided before Envoy starts
proxy_config  the pod's ProxyConfig: defaults, environment, annotation                          [pure]
node          who the proxy is: node id, metadata, locality                                     [pure]
bootstrap     the bootstrap of this proxy, from both                                            [pure]
probes        the application's probes and metrics, as the pod describes them                   [pure]
credentials   what control plane and proxy show each other, kept current for Envoy
process       Envoy found and started
run           Envoy watched, started again, drained, ended
envoy         a running Envoy
admin         what is asked of Envoy's admin port: readiness, connections, drain
status        the status port: readiness, probes, merged metrics, drain, quit
dns           the pod's DNS proxy
http          as much HTTP/1.1 as a status port needs
lean          an agent that stays small
client        what other processes of the pod ask of a running agent
report        what the agent says on standard error
"""
