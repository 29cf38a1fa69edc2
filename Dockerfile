# The image of all our containers: control plane, injector, sidecar, and what prepares a pod for it.
FROM python:3.11-slim-bookworm
RUN apt-get update \
 && apt-get install -y --no-install-recommends iproute2 iptables nftables \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements/mesh.txt requirements/mesh.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/mesh.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN pip install --no-cache-dir --no-deps --no-build-isolation .
# Paths of a pod are relative to its root.
WORKDIR /
USER 1337:1337
ENTRYPOINT ["pillion"]
