"""A sidecar mesh that speaks Istio's API. `ARCHITECTURE.md` is the map of the rooms in here."""
