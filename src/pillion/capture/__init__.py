"""Traffic capture: which connections of a pod go through its Envoy, as rules that can be put in, checked and taken out.

config.Config ──plan.plan──▶ model.RuleSet ──iptables.restore_text / nftables.transaction──▶ text ──apply──▶ kernel

config       what a user may ask for, under istio-iptables' names; decoding and what is refused
flags        the names: command line flags, environment variables, JSON tags
ranges       lists of ports, CIDRs, groups
model        the algebra: tables, chains, matches, targets, rules
plan         config to rules: the order of everything
inbound      rules for connections to the pod, by REDIRECT or TPROXY
outbound     rules for connections from the pod
dns          rules for DNS queries of the pod
iptables     rules as input of iptables-restore
nftables     rules as an nft transaction
saved        what iptables-save says, compared with the plan; the text that cleans up
environment  facts of this machine: addresses, name servers, users                        [I/O]
validate     prove with a connection that capture is at work                              [I/O]
apply        apply, verify and clean in the network namespace of the caller               [I/O]
"""
