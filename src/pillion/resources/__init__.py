"""The words users write: typed Kubernetes and Istio resources, read strictly, with a diagnostic for every mistake.

What comes in is text (YAML or JSON, as Go reads it); what goes out is immutable values and diagnostics.

- `istio`, `kubernetes`: the resources, one module a noun, field for field after the APIs
- `meta`: what every resource has: `Metadata`, and `Ref` to name one
- `duration`, `host`, `protocol`, `visibility`, `frozen`: the small values inside them, and their rules
- `documents`: text to documents with their origin; `yaml`: YAML as Go reads and writes it
- `decode`: a document to a resource; `lines`: a field path to the line that holds it
- `mesh_settings`: Istio's default settings of a mesh, and a user's laid over them
- `kinds`: which kinds there are; `schema`, `suggest`, `number`: how a type reads a document
- `re2`, `cel`: the syntax of the expressions that users write
- `validation`: what Istio's webhook accepts, warns about and refuses; `admission`: the same of the API server
"""
