"""The control plane in a cluster: `pillion serve`.

`server` puts the parts together and runs them; `settings` says what it was told, `mesh_config` reads the mesh's
settings from their ConfigMap. `authentication` knows who is calling, `keeper` keeps our authority in a Secret and our
certificate young. `pages` and `dump` are for people, `metrics` for Prometheus, `web` serves both.
"""
