"""Envoy's bootstrap, as Istio's agent writes it: node, statistics, admin, static listeners and clusters, ADS.

model.Bootstrap ──render.to_bytes──▶ JSON for Envoy

model      what differs between the bootstraps of two proxies
document   the small parts that every piece is made of
secrets    what proxy and control plane show each other
stats      which statistics are kept, and their tags
clusters   static clusters: ADS, agent, admin, SDS, collectors
listeners  static listeners: Prometheus, readiness
render     the whole document
"""
