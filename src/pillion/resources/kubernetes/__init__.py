"""Kubernetes' resources, as far as a mesh needs them. Fields that are not here are ignored when read."""
