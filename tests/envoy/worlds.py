"""Worlds for the real Envoy to judge: between them they make every kind of cluster, listener and route that we render."""

SERVICES = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  clusterIP: 10.96.0.1
  selector: {app: web}
  ports:
  - {name: http, port: 80, targetPort: 8080}
  - {name: grpc-api, port: 9000}
  - {name: tcp-raw, port: 5000}
  - {name: https, port: 443, targetPort: 8443}
  - {name: whatever, port: 7000}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec:
  clusterIP: None
  selector: {app: db}
  ports: [{name: tcp, port: 5432}, {name: http-admin, port: 8081}]
---
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop, labels: {app: web, version: v1, security.istio.io/tlsMode: istio}}
spec: {serviceAccountName: web, containers: [{name: a, image: a}]}
status: {phase: Running, podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}], conditions: [{type: Ready, status: "True"}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db-0, namespace: shop, labels: {app: db}}
spec: {serviceAccountName: db, containers: [{name: a, image: a}]}
status: {phase: Running, podIP: 10.1.0.2, podIPs: [{ip: 10.1.0.2}], conditions: [{type: Ready, status: "True"}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [10.1.0.1], conditions: {ready: true}, targetRef: {kind: Pod, name: web-0, namespace: shop}}]
ports: [{name: http, port: 8080}, {name: grpc-api, port: 9000}, {name: tcp-raw, port: 5000}, {name: https, port: 8443}, {name: whatever, port: 7000}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, namespace: shop, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
endpoints: [{addresses: [10.1.0.2], conditions: {ready: true}, targetRef: {kind: Pod, name: db-0, namespace: shop}}]
ports: [{name: tcp, port: 5432}, {name: http-admin, port: 8081}]
---
"""

ENTRIES = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: static, namespace: shop}
spec:
  hosts: [static.example]
  addresses: [10.200.0.1, 10.201.0.0/16]
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 6000, name: tcp, protocol: TCP}]
  resolution: STATIC
  endpoints: [{address: 192.0.2.1}, {address: "unix:///var/run/x.sock"}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: dns, namespace: shop}
spec:
  hosts: [dns.example, other.example]
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS}]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: round, namespace: shop}
spec:
  hosts: [round.example]
  ports: [{number: 8443, name: tls, protocol: TLS}]
  resolution: DNS_ROUND_ROBIN
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: none, namespace: shop}
spec:
  hosts: ["*.none.example"]
  ports: [{number: 443, name: tls, protocol: TLS}, {number: 8080, name: http, protocol: HTTP}]
  resolution: NONE
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: dynamic, namespace: shop}
spec:
  hosts: ["*.dynamic.example"]
  ports: [{number: 443, name: tls, protocol: TLS}, {number: 80, name: http, protocol: HTTP}]
  resolution: DYNAMIC_DNS
---
"""

RULES = """
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec:
  host: web
  trafficPolicy:
    loadBalancer: {consistentHash: {httpHeaderName: x-user}}
    connectionPool:
      tcp: {maxConnections: 10, connectTimeout: 3s, idleTimeout: 9s, maxConnectionDuration: 60s, tcpKeepalive: {probes: 3, time: 30s, interval: 5s}}
      http: {http1MaxPendingRequests: 5, http2MaxRequests: 6, maxRequestsPerConnection: 7, maxRetries: 8, h2UpgradePolicy: UPGRADE, maxConcurrentStreams: 20}
    outlierDetection: {consecutive5xxErrors: 3, consecutiveGatewayErrors: 2, interval: 5s, baseEjectionTime: 10s, maxEjectionPercent: 50, minHealthPercent: 20, splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 4}
    portLevelSettings:
    - {port: {number: 9000}, loadBalancer: {simple: RANDOM}, tls: {mode: DISABLE}}
    - {port: {number: 7000}, loadBalancer: {simple: ROUND_ROBIN, warmup: {duration: 30s}}}
    - {port: {number: 443}, loadBalancer: {simple: PASSTHROUGH}}
  subsets:
  - {name: v1, labels: {version: v1}, trafficPolicy: {loadBalancer: {consistentHash: {maglev: {tableSize: 101}, httpCookie: {name: c, ttl: 1s}}}}}
  - {name: v2, labels: {version: v2}, trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST, localityLbSetting: {failover: [{from: a, to: b}]}}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: dns, namespace: shop}
spec: {host: dns.example, trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: [dns.example]}, proxyProtocol: {version: V2}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: other, namespace: shop}
spec: {host: other.example, trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /c, privateKey: /k, caCertificates: /ca, sni: x}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: db, namespace: shop}
spec: {host: db, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web, www.example]
  http:
  - name: many
    match:
    - {name: a, uri: {exact: /a}, method: {exact: GET}, headers: {x: {prefix: p}, y: {}}, withoutHeaders: {z: {regex: .+}}, queryParams: {q: {exact: "1"}}, ignoreUriCase: true}
    - {name: b, uri: {prefix: /b}, scheme: {exact: http}, authority: {regex: .*}}
    route:
    - {destination: {host: web, subset: v1}, weight: 90, headers: {request: {set: {x: "1"}, remove: [y]}, response: {add: {z: "2"}}}}
    - {destination: {host: web, subset: v2}, weight: 10}
    timeout: 5s
    retries: {attempts: 4, perTryTimeout: 1s, retryOn: "5xx,503", retryRemoteLocalities: true, backoff: 100ms}
    fault: {delay: {percentage: {value: 1.5}, fixedDelay: 1s}, abort: {percentage: {value: 50}, httpStatus: 503}}
    mirror: {host: dns.example}
    mirrorPercentage: {value: 10}
    corsPolicy: {allowOrigins: [{exact: a}, {regex: b.*}], allowMethods: [GET], maxAge: 60s, allowCredentials: true}
    headers: {request: {add: {n: m}}}
  - {name: rewrite, match: [{uri: {prefix: /r}}], rewrite: {uri: /x, authority: h}, route: [{destination: {host: web}}]}
  - {name: regex, match: [{uri: {regex: "/(.*)"}}], rewrite: {uriRegexRewrite: {match: "/(.*)", rewrite: "/\\\\1"}}, route: [{destination: {host: web, port: {number: 80}}}]}
  - {name: redirect, match: [{uri: {prefix: /go}}], redirect: {uri: /there, authority: a.b, port: 8443, scheme: https, redirectCode: 308}}
  - {name: prefix, match: [{uri: {prefix: /p}}], redirect: {prefixRewrite: /q}}
  - {name: direct, match: [{uri: {prefix: /d}}], directResponse: {status: 418, body: {string: tea}}}
  - {name: nowhere, match: [{uri: {prefix: /n}}], route: [{destination: {host: nobody.example}}]}
  - {route: [{destination: {host: web}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: raw, namespace: shop}
spec:
  hosts: [web]
  tcp:
  - {match: [{port: 5000}], route: [{destination: {host: web, port: {number: 5000}}, weight: 60}, {destination: {host: static.example, port: {number: 6000}}, weight: 40}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: tls, namespace: shop}
spec:
  hosts: [round.example]
  tls:
  - {match: [{port: 8443, sniHosts: [round.example]}], route: [{destination: {host: round.example, port: {number: 8443}}}]}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: logs, namespace: istio-system}
spec: {accessLogging: [{providers: [{name: envoy}], filter: {expression: "response.code >= 400"}}]}
---
"""

SIDECAR = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec:
  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
  inboundConnectionPool: {http: {http1MaxPendingRequests: 3}}
  ingress:
  - {port: {number: 9080, protocol: HTTP, name: http}, defaultEndpoint: "unix:///var/run/app.sock"}
  - {port: {number: 9081, protocol: TCP, name: tcp}, defaultEndpoint: "127.0.0.1:1"}
  - {port: {number: 9082, protocol: GRPC, name: grpc}, defaultEndpoint: "0.0.0.0:2", bind: 127.0.0.1, captureMode: NONE}
  egress:
  - {port: {number: 80, protocol: HTTP, name: http}, hosts: ["./*"]}
  - {port: {number: 5432, protocol: TCP, name: tcp}, bind: 127.0.0.1, captureMode: NONE, hosts: ["./db.shop.svc.cluster.local"]}
  - {bind: "unix:///tmp/egress.sock", port: {number: 0, protocol: HTTP, name: socket}, hosts: ["./*"]}
  - {hosts: ["shop/*"]}
---
"""


def peers(mode: str) -> str:
    """Give peer authentication of a mode for the whole mesh, with a port of its own for one workload."""
    return f"""
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: default, namespace: istio-system}}
spec: {{mtls: {{mode: {mode}}}}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: web, namespace: shop}}
spec: {{selector: {{matchLabels: {{app: web}}}}, portLevelMtls: {{8080: {{mode: DISABLE}}, 1234: {{mode: STRICT}}}}}}
---
"""
