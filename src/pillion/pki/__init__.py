"""Certificates of the mesh: who somebody is (`identity`), and a small authority that vouches for servers (`authority`).

An island: it knows X.509 and SPIFFE, and nothing of Kubernetes or of the mesh.
"""
