"""Our own settings, as package data: `config.yaml` (the template), `values.yaml`, `mesh.yaml`."""
