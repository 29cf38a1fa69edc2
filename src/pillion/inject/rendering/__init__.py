"""Around the template engine: what a template is given, what it may call, what becomes of its text.

`data` has the names of Istio's template data, `functions` those that Istio adds to Go's and sprig's, `images` says
which images the values mean, `proxy_configs` which ProxyConfig resources count for a pod, `result`
reads the rendered text back as a part of a pod.
"""
