"""How the tour looks on a terminal: a table of who reaches whom, a table of what the Envoys hold."""

from collections.abc import Sequence

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pillion.local.tour.reach import Seen
from pillion.local.tour.story import CLIENTS, TARGETS, Fresh, Stage
from pillion.local.tour.weigh import Weight

ROOMY = 100
"""Columns of a terminal that has room for everything."""


def opening(console: Console) -> None:
    """Say what is to come."""
    console.print(
        Panel(
            "A service mesh on this machine, from ordinary Kubernetes and Istio YAML: every pod is a set of Linux "
            "namespaces, injected and captured as in a cluster, with a real Envoy beside its application. "
            "Three Sidecar resources will change who may call whom. Each cell below is a real HTTP request.",
            title="pillion demo",
        )
    )


def pods(console: Console, header: Sequence[str], rows: Sequence[Sequence[str]], note: str) -> None:
    """Show the pods as `pillion get pods` does, without some columns where there is no room for them."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    shown = [at for at, name in enumerate(header) if console.width >= ROOMY or name not in {"AGE", "INJECTED"}]
    for at in shown:
        table.add_column(header[at], no_wrap=True)
    for row in rows:
        table.add_row(*(row[at] for at in shown))
    console.print(table)
    console.print(f"[dim]{note}[/dim]\n")


def stage(console: Console, shown: Stage, number: int) -> None:
    """Show who reaches whom under one set of rules."""
    title = Text(f"{number}. {shown.title}", style="bold")
    if shown.seconds is not None:
        title.append(f"   at the last Envoy after {shown.seconds * 1000:.0f} ms", style="cyan")
    console.print(Group(title, Text(shown.meaning), _matrix(shown.seen, narrow=console.width < ROOMY)))
    if shown.weights:
        console.print(_weights(shown.weights))
    console.print()


def _matrix(seen: Sequence[Seen], *, narrow: bool) -> Table:
    cells = {(each.client, each.target): each for each in seen}
    table = Table(header_style="bold", pad_edge=False, box=None, padding=(0, 2, 0, 0))
    table.add_column("from \u2192\nto \u2193", no_wrap=True)
    for client in CLIENTS:
        table.add_column(client.replace("/", "\n"))
    for target in TARGETS:
        name = target.name.replace(".", ".\n", 1) if narrow else target.name
        table.add_row(name, *(_cell(cells[client, target.name]) for client in CLIENTS))
    return table


def _cell(seen: Seen) -> Text:
    style = "green" if seen.reached else "red"
    text = Text(str(seen.status) if seen.status else seen.error, style=f"bold {style}")
    if seen.answered:
        text.append(f" {seen.answered.partition('/')[2]}" + (" (socket)" if seen.by_socket else ""), style=style)
    return text.append(f"\n{short(seen.cluster)}", style="dim")


def short(cluster: str) -> str:
    """Shorten a cluster's name: beside the row's host, direction and port say enough."""
    if not cluster:
        return "-"
    parts = cluster.split("|")
    return f"{parts[0]}|{parts[1]}" if len(parts) == 4 else cluster.removesuffix("Cluster")


def _weights(weights: Sequence[Weight]) -> Table:
    table = Table(box=None, header_style="bold", title_justify="left", padding=(0, 2, 0, 0))
    for name in ("Envoy of", "clusters", "listeners", "route tables", "configuration", "memory allocated"):
        is_first = name == "Envoy of"
        # whole words: a narrow terminal breaks a header between them, and never inside one
        widest = max(map(len, name.split()))
        table.add_column(name, justify="left" if is_first else "right", no_wrap=is_first, min_width=widest)
    for each in weights:
        table.add_row(
            each.workload,
            str(each.clusters),
            str(each.listeners),
            str(each.routes),
            f"{each.bytes / 1000:.0f} kB",
            f"{each.allocated / 1e6:.1f} MB",
        )
    return table


def fresh(console: Console, weight: Fresh) -> None:
    """Show what a Sidecar saves a freshly started Envoy."""
    without, scoped = weight.without / 1e6, weight.with_sidecar / 1e6
    console.print(
        "[bold]Resident memory of a freshly started Envoy[/bold] (prod-us1/shop): "
        f"without a Sidecar {without:.1f} MB, with the third {scoped:.1f} MB: {without - scoped:.1f} MB less.\n"
        "[dim]An Envoy never gives memory back, so only fresh ones are compared; some 60 MB are the program itself."
        "[/dim]\n"
    )


def farewell(console: Console, left: Sequence[str], seconds: float) -> None:
    """Show the proof that nothing is left."""
    if left:
        console.print("[bold red]Something is left on this machine:[/bold red]")
        for each in left:
            console.print(f"  {each}")
        return
    console.print(
        f"[bold]Everything is taken down again[/bold] ({seconds:.1f} s). Compared with the machine before: no "
        "namespace, mount, network link, firewall rule, route, process or file is left, and the resolver is as it "
        "was.\n[dim]The comparison does not ask the mesh what it made: it looks at the machine.[/dim]"
    )
