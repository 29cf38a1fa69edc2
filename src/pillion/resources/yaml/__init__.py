"""YAML as Kubernetes' tools read and write it: `sigs.k8s.io/yaml`, Go's YAML 1.1 with JSON's types.

- `scalar`: what a plain scalar means (`1e3` is a number, `yes` is true, `2026-01-01` is a text)
- `events`: a text to parser events, document by document, every syntax error a diagnostic
- `load`: events to JSON-like values
- `dump`: JSON-like values to text that a Go reader reads back the same
"""
