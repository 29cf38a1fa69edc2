import json

from pillion.envoy.bootstrap import secrets
from pillion.envoy.bootstrap.model import Proof

PROOF = Proof(server="istiod.mesh.svc", root_path="/proxy/root.json", token_path="/proxy/token.json")


def test_the_files_hold_the_secrets_that_the_bootstrap_names() -> None:
    asked = json.dumps([secrets.transport_socket(PROOF), *secrets.http_filters(PROOF)])
    for written, path in (
        (secrets.root_file("PEM", PROOF.server), PROOF.root_path),
        (secrets.token_file("abc"), PROOF.token_path),
    ):
        (secret,) = json.loads(written)["resources"]
        assert json.dumps(secrets.from_file(secret["name"], path)) in asked


def test_another_server_of_the_same_root_is_not_believed() -> None:
    (secret,) = json.loads(secrets.root_file("PEM", PROOF.server))["resources"]
    context = secret["validation_context"]
    assert context["trusted_ca"] == {"inline_string": "PEM"}
    assert context["match_typed_subject_alt_names"] == [{"san_type": "DNS", "matcher": {"exact": PROOF.server}}]
