"""The pods' network, in a network namespace of its own: the host's links, rules and resolver stay as they were.

Every pod hangs on a veth of its own, with a /32 (and /128) address and a default route into the fabric. So each packet
between pods is routed here, where `nat` rules turn a cluster IP into a pod, and the answer goes back the same way: no
masquerade, the pod's source address is kept. A cluster IP without endpoints is a local address on which nothing
listens: a connection to it is refused at once, and it costs no rule.

- `model` what the fabric is told: settings, services, host records
- `namespace` the thread that lives in the fabric's network namespace; it vanishes with the process
- `netlink` the few rtnetlink messages that links, addresses and routes need
- `wiring` which messages connect a pod (pure but for the link's own index)
- `rules` services as `nat` rules, and the difference of two rule sets as one transaction (pure)
- `conntrack` makes the kernel forget UDP flows to pods that left
- `zone` the cluster's DNS answers (pure); `nameserver` serves them over UDP and TCP
- `network` `Fabric`, which holds all this together
"""
