"""`pillion demo`: a tour of the article's three Sidecars at work on real Envoys.

`story` is what is done and said; `reach` asks from inside the pods and finds in Envoy's log which cluster it used;
`weigh` measures the Envoys; `show` prints; `inside` is a script that runs beside an Envoy.
"""
