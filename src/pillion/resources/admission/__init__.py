"""What Kubernetes' API server accepts before Istio's webhook sees it: the schemas and rules of Istio's CRDs.

They are stricter than the webhook here and there, so `admit.admit(document)` works on the document, where null, absent
and empty still differ. `limits` holds sizes and patterns of fields, `rules` what the CRDs say in CEL.
"""
