"""The loop: changes in, worlds built, every connected proxy told what is new for it. The only place where time passes.

`plane` is the loop and what connects proxies to it; `client` is one connected proxy; `serve` puts it behind gRPC.
`webhook` is a loop of its own: injection over HTTPS, for a cluster's API server. `validation` judges resources for it,
`writing` is what one replica writes for all of them. `frames` is how they speak with processes that work for them,
`binding` what they say of an address that they cannot listen at.
"""
