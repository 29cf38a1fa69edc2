"""A pod goes in, a meshed pod comes out: documents in, documents out, by the same decision everywhere.

A user's settings (`settings`, three texts as Istio's ConfigMaps hold them) and a workload's document (`documents`
finds its pod) meet in `injection.inject`: `policy` decides and keeps every rule that it asked, `rendering` runs Go
templates (`gotemplate`, an island) over the pod's data, `merge` lays the result over the pod as Kubernetes does,
`pod` finishes what a template cannot do (probes, metrics, order, overrides). `patch` tells the same result as a JSON
patch, `review` speaks AdmissionReview, `uninject` goes back. `schema` knows the Go types behind the documents.
`defaults` are our own settings.

Documents stay plain dictionaries: what we do not know survives. Nothing here is changed after it was made: a result
shares every part with its input that injection did not touch, which is what makes patches small and fast.
"""
