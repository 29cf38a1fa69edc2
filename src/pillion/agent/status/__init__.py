"""The status port (15020), where the kubelet, Prometheus and processes of the pod ask the agent.

port         what is asked, and who answers: readiness, probes, metrics, drain, quit
ask          the application's probes, done
grpc_health  one question of gRPC's health service
metrics      Envoy's, the application's and our own metrics in one
"""
