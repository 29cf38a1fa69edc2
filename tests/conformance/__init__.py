"""Conformance: how Istio answers, as data read in place. One module a suite, each with `run(data)`."""
