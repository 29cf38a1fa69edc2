"""The validation webhook: an API server asks over HTTPS whether one of Istio's resources may be written.

`review` reads the question and rules (pure); `judge` has small ones ruled at once and big ones by a process of their
own, `worker`, that a resource of megabytes keeps busy instead of us. `post` is what the webhook's server hands reviews
to; it counts them with Istio's names. `door` opens that server.
"""
