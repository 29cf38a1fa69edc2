"""Certificates of the mesh: who somebody is (`identity`), and a small authority that vouches for servers (`authority`).

How a Secret keeps that authority, and whom to trust beside it, is in `kept`. An island: it knows X.509 and SPIFFE, and
nothing of the mesh.
"""
