"""What injection does to a pod besides the template: the parts that text cannot say.

`containers` finds and moves containers; `status` is the record that an injected pod carries, and how it is taken off
again before a new injection; `overrides` puts the user's own `istio-proxy` settings back over the template's;
`probes` sends the kubelet's probes to the agent; `metrics` does so with Prometheus; `identity` says which workload,
cluster and user a pod has. `slips` says what Kubernetes will not understand of a document: whoever wrote it is told,
and nothing is changed.

A pod is `{"metadata": ..., "spec": ...}`. Every function returns a new pod and shares what it did not touch.
"""
