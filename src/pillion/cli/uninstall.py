"""`pillion uninstall`: take an installation out of a cluster, and prove that nothing of it is left."""

import asyncio
import datetime as dt
import sys
from pathlib import Path
from typing import Any, cast

import click

from pillion.cli.output import fail, print_diagnostics, print_json
from pillion.install.cluster import Cluster
from pillion.install.inventory import InjectedPod, Inventory, from_documents
from pillion.install.manifest import ObjectKey
from pillion.install.ownership import metadata_of
from pillion.install.removal import Removal, Wish, Withdrawal, plan_removal, plan_withdrawal, pods_of
from pillion.install.uninstall import Left, Proof, prove, remove, restart, survey
from pillion.resources.documents import read
from pillion.sources.kubernetes.access import Access, AccessError, find_access
from pillion.sources.kubernetes.client import ApiError, KubernetesClient
from pillion.value import Value, has_errors


class Order(Value):
    """What the command line asks for."""

    wish: Wish
    dry_run: bool
    restart: bool
    patience: float
    told: bool
    """In words, while it goes."""


@click.command()
@click.option("--kubeconfig", default="", help="file that says where the API server is; by default as kubectl finds it")
@click.option("--context", default="", help="context of the kubeconfig")
@click.option("-f", "--filename", default="", help="plan only, from a dump: kubectl get -A -o yaml")
@click.option("-r", "--revision", default="", help="only this revision; by default everything")
@click.option("--keep-crds/--delete-crds", default=True, help="deleting them deletes every resource of their kinds")
@click.option("--adopt", is_flag=True, help="also what somebody else applied from our YAML")
@click.option("--dry-run", is_flag=True, help="say what would be done; delete nothing")
@click.option("--restart", "roll", is_flag=True, help="restart the workloads whose pods carry a sidecar")
@click.option("--timeout", default=60.0, show_default=True, help="seconds to wait until all of it is gone")
@click.option("-o", "--output", type=click.Choice(["table", "json"]), default="table", help="how to print the answer")
def command(kubeconfig: str, context: str, filename: str, output: str, **rest: Any) -> None:
    """Delete what we made, webhooks first, and show by a new inventory what is left. Injected pods stay as they are."""
    order = Order(
        wish=Wish(revision=rest["revision"], keep_crds=rest["keep_crds"], adopt=rest["adopt"]),
        dry_run=rest["dry_run"] or bool(filename),
        restart=rest["roll"],
        patience=rest["timeout"],
        told=output == "table",
    )
    try:
        if filename:
            answer = _answer(order, _from_dump(filename), None, {})
        else:
            answer = asyncio.run(_uninstall(find_access(kubeconfig, context), order))
    except (AccessError, ApiError) as problem:
        fail(str(problem))
    if output == "json":
        print_json(answer)
    if _is_unclean(answer):
        sys.exit(1)


async def _uninstall(access: Access, order: Order) -> dict[str, Any]:
    async with KubernetesClient(access) as client:
        cluster = Cluster(client)
        inventory = await survey(cluster)
        if order.dry_run:
            return _answer(order, inventory, None, {})
        refused = await remove(cluster, plan_removal(inventory, order.wish), lambda each: _say(order, each, done=True))
        proof = await prove(cluster, order.wish, refused, order.patience)
        pods = pods_of(inventory, order.wish)
        restarted = await restart(cluster, pods, dt.datetime.now(dt.UTC)) if order.restart else {}
        return _answer(order, inventory, proof, restarted)


def _from_dump(filename: str) -> Inventory:
    try:
        text = sys.stdin.read() if filename == "-" else Path(filename).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        fail(f"{filename} cannot be read: {problem}")
    content = read(text, filename)
    print_diagnostics(content.diagnostics)
    if has_errors(content.diagnostics):
        sys.exit(2)
    documents = [cast("dict[str, Any]", each.content) for each in content.documents]
    if not any("managedFields" in metadata_of(each) for each in documents):
        told = "the dump does not say who wrote what (managedFields): labels alone decide, and no status is looked at"
        click.echo(f"pillion: {told}; kubectl get --show-managed-fields tells", err=True)
    return from_documents(documents)


def _answer(order: Order, inventory: Inventory, proof: Proof | None, restarted: dict[ObjectKey, str]) -> dict[str, Any]:
    removals = plan_removal(inventory, order.wish)
    pods = pods_of(inventory, order.wish)
    said = proof.said if proof else ()
    left = {each.statement.uid: reason or "is still there" for each, reason in said}
    meant = (*plan_withdrawal(inventory, order.wish), *(each for each, _ in said))
    # In a dump nothing may have a uid.
    once = {(each.statement.key, each.statement.uid): each for each in meant}.values()
    withdrawals = [(each, left.get(each.statement.uid, "")) for each in once]
    if order.told:
        if order.dry_run:
            for each in removals:
                _say(order, each, done=False)
        for each, problem in withdrawals:
            verb = "left" if problem else "take off" if order.dry_run else "taken off"
            _say_status(verb, each, problem)
        _tell(inventory, proof, pods, restarted)
    return {
        "dryRun": order.dry_run,
        "removals": [
            {**_name(each.entry.key), "action": each.action, "reason": each.reason} for each in removals
        ],
        "left": [_left_json(each) for each in proof.left] if proof else [],
        "statuses": [
            {**_name(each.statement.key), "fields": list(each.correction), "problem": problem}
            for each, problem in withdrawals
        ],
        "unseen": list(proof.unseen if proof else inventory.unseen),
        "pods": [{"namespace": pod.namespace, "name": pod.name, "revision": pod.revision} for pod in pods],
        "restarted": [{**_name(key), "problem": problem} for key, problem in restarted.items()],
    }  # fmt: skip


def _tell(
    inventory: Inventory, proof: Proof | None, pods: tuple[InjectedPod, ...], restarted: dict[ObjectKey, str]
) -> None:
    for each in proof.left if proof else ():
        click.echo(f"left       {each.entry.key}: {each.reason or 'is still there'}")
    for each in proof.unseen if proof else inventory.unseen:
        click.echo(f"unknown    {each}")
    for pod in pods:
        owner = f" (of {pod.owner})" if pod.owner else ""
        click.echo(f"injected   Pod {pod.namespace}/{pod.name}{owner}: keeps its sidecar until it is made anew")
    for key, problem in restarted.items():
        click.echo(f"{'kept' if problem else 'restarted':<10} {key}" + (f": {problem}" if problem else ""))
    if proof and not proof.left and not proof.said and not proof.unseen:
        click.echo("nothing of ours is left in the cluster")


def _say_status(verb: str, withdrawal: Withdrawal, problem: str) -> None:
    fields = ", ".join(f"status.{name}" for name in withdrawal.correction)
    click.echo(f"{verb:<10} {fields} of {withdrawal.statement.key}" + (f": {problem}" if problem else ""))


def _say(order: Order, removal: Removal, *, done: bool) -> None:
    if order.told and not (done and removal.action == "keep"):
        verb = {"delete": "deleted" if done else "delete", "keep": "keep"}[removal.action]
        click.echo(f"{verb:<10} {removal.entry.key}" + (f": {removal.reason}" if removal.reason else ""))


def _name(key: ObjectKey) -> dict[str, str]:
    return {"kind": key.kind, "namespace": key.namespace, "name": key.name}


def _left_json(left: Left) -> dict[str, Any]:
    is_expected = bool(left.reason) and not left.entry.is_going and not left.reason.startswith("the API server refused")
    return {**_name(left.entry.key), "reason": left.reason or "is still there", "expected": is_expected}


def _is_unclean(answer: dict[str, Any]) -> bool:
    """Return whether something is left that nobody asked to keep, or that cannot be known."""
    unexpected = any(not each["expected"] for each in answer["left"])
    unexpected = unexpected or any(each["problem"] for each in answer["statuses"])
    return not answer["dryRun"] and (unexpected or bool(answer["unseen"]))
