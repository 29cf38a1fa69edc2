"""A tiny kubelet: runs injected pods on one Linux machine, each as five namespaces.

A pod document (Kubernetes' JSON, after injection) comes in; a running pod and a stream of its `status` come out.

- `spec/` pure: what a pod asks for, read from its document: containers, environment, volumes, rights.
- `policy/` pure: what to do about it: probes, restarts, the status that follows.
- `images.py` pure: which command stands for an image; nothing is ever pulled.
- `kubelet.py` the door: start, stop, exec, logs of pods. `pod.py` the life of one pod, `container.py` of one container.
- `sandbox.py` the pod's namespaces; `process.py` child processes; `logs.py` their output; `probing.py` asks them.
- `network.py` what the kubelet needs of the rest of the local mesh: a network, a journal, ConfigMaps.
- `inside/` scripts that run in the pod's namespaces; `echo.py` the server that stands in for an image.
"""
