"""The Go types behind documents: what Istio's templates and its merge see when they look at a pod or a mesh config.

`types` reads the tables (field names in JSON and in Go, types, merge keys) of Kubernetes' Pod and of Istio's
MeshConfig, `unknown` finds the fields that they do not have, `decode` brings a document to the form that Go's decoder
would give it, `view` shows a document to a template as the Go value that it stands for.
"""
