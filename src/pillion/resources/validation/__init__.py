"""What Istio accepts, warns about and refuses: the verdicts of its validation webhook, on typed resources.

`validate.validate(resource)` picks the checks of a kind. Each check writes what it finds into a `report.Report`, with
the path of the field. A warning that Istio finds but never shows is an info here.

- `report`: where findings go; `names`, `values`, `workloads`, `tls`: checks that several kinds share
- `sidecar`, `service_entry`, `service`, `gateway`, `destination_rule`, `security`, `telemetry`, `extension`,
  `envoy_filter`: one kind (or few) each
- `traffic`: what is inside a DestinationRule's policy; `routing`: what is inside a VirtualService
"""
