"""What one proxy is told: from who it is and what the world says, down every stage to the resources it is sent.

Pure. `node` reads who a proxy is; `settings` reads the mesh's settings; `telling` runs scope, IR and rendering for
it and remembers every stage by its input; `assignments` does the same for endpoints, on their own short way.
"""
