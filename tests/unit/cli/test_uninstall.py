"""`pillion uninstall` on a dump."""

import json

from click.testing import CliRunner

from pillion.cli.uninstall import command
from pillion.install.objects import objects
from pillion.install.options import Options
from pillion.resources.yaml.dump import dump


def test_a_dump_is_planned_and_nothing_else() -> None:
    items = [each.document() for each in objects(Options())]
    items.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs", "namespace": "shop"}})
    text = dump({"apiVersion": "v1", "kind": "List", "items": items})
    done = CliRunner().invoke(command, ["-f", "-", "--delete-crds", "-o", "json"], input=text)
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    assert answer["dryRun"]
    assert len(answer["removals"]) == len(items) - 1
    assert answer["removals"][0]["kind"] == "MutatingWebhookConfiguration"
    assert {each["action"] for each in answer["removals"]} == {"delete"}
    assert "kubectl get --show-managed-fields tells" in done.stderr
    told = CliRunner().invoke(command, ["-f", "-"], input=text)
    assert "delete     Deployment istio-system/istiod\n" in told.stdout
    assert "keep       CustomResourceDefinition sidecars.networking.istio.io: " in told.stdout


def test_a_dump_that_says_who_wrote_what_needs_no_word() -> None:
    fields = [{"manager": "kubectl", "operation": "Apply", "fieldsV1": {}}]
    items = [each.document() for each in objects(Options())]
    for each in items:
        each["metadata"]["managedFields"] = fields
    done = CliRunner().invoke(command, ["-f", "-", "-o", "json"], input=dump({"kind": "List", "items": items}))
    assert (done.exit_code, done.stderr) == (0, "")
    assert {each["action"] for each in json.loads(done.stdout)["removals"]} == {"keep"}


def test_a_dump_that_cannot_be_read_is_an_input_error() -> None:
    assert CliRunner().invoke(command, ["-f", "/no/such/file"]).exit_code == 2
    assert CliRunner().invoke(command, ["-f", "-"], input="a: [").exit_code == 2
