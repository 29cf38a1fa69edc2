"""Looking at an installation in a cluster, through its API server alone.

Pure: `sync` says how far each proxy is, `health` what is wrong with the control plane, `drift` whether a pod's sidecar
is what injection makes today, `pods` what became of each pod and why. Shells: `replicas` asks the control plane's debug
pages, `examination` collects what `health` judges and `reading` what `pods` does, `envoy` asks the Envoy of a pod.
"""
