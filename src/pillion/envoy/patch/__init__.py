"""EnvoyFilter: a user's patches on the messages that were rendered, applied last.

`read` makes an `EnvoyPatch` a `model.Patch`; `document` holds its JSON against Envoy's messages, which `types` knows by
name. `clusters`, `listeners`, `filters` and `routes` apply patches to one resource each, with `matches` for where,
`editing` for lists and `merge` for contents. `references` reads which names a patched resource needs, and `apply` puts
everything together.

Mirrors Istio's `pilot/pkg/networking/core/envoyfilter`. A patch that cannot be applied is told and left out.
"""
