"""The injection webhook: an API server asks over HTTPS what becomes of a pod, and gets a patch.

One process speaks HTTPS (`server`), reads the question (`question`), answers from memory what was answered before
(`desk`) and hands the rest to processes that inject (`pool`, `worker`): a pod that takes long to inject keeps nobody
waiting who asks about another. `files` reads the settings, `certificate` the key pair; `serve` looks after both while
it runs and keeps the last good ones. `answer` writes answers, `status` says how things are, `metrics` counts,
`limits` are the numbers.
"""
