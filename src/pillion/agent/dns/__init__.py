"""The pod's DNS proxy: names of the mesh answered here, all others by the pod's own name servers.

NameTable ──table.build──▶ LookupTable ──resolver.resolve──▶ answer, or "ask upstream" ──server──▶ client

table     names to addresses, with all spellings that a resolver may try            [pure]
message   DNS messages, as much of them as is needed                           [pure]
resolver  one query, in bytes, to its answer or the word to ask upstream            [pure]
upstream  ask the pod's name servers
server    UDP and TCP on the agent's port
"""
