"""The words users write: typed Kubernetes and Istio resources, read strictly, with a diagnostic for every mistake.

What comes in is text (YAML or JSON, as Go reads it); what goes out is immutable values and diagnostics.

- `istio`, `kubernetes`: the resources, one module a noun, field for field after the APIs
- `meta`: what every resource has: `Metadata`, and `Ref` to name one
- `duration`, `host`, `protocol`, `visibility`, `frozen`: the small values inside them
- `documents`: text to documents with their origin; `yaml`: scalars as Go's YAML reads and writes them
- `decode`: a document to a resource; `lines`: a field path to the line that holds it
- `validation`: what Istio's webhook and API server accept, warn about and refuse
"""
