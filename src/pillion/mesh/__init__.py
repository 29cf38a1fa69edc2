"""One immutable world: what all resources together say, before anybody asks what one workload may see.

`service`, `endpoint`, `workload` hold the nouns; `snapshot` is the world, in shelves by namespace, so that what did not
change stays the same object; `build` makes it from resources. Endpoints are a table apart: their changes never touch
a shelf.
"""
