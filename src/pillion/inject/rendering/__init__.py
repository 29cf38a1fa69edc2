"""Around the template engine: what a template is given, what it may call, what becomes of its text.

`data` has the names of Istio's template data, `functions` those that Istio adds to Go's and sprig's, `images` says
which images the values mean, `result` reads the rendered text back as a part of a pod.
"""
