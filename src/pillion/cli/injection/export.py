"""`pillion inject settings`: the settings of injection, ours or a cluster's, to look at and to change."""

import json
from pathlib import Path

import click

from pillion.cli.injection.settings import HOME, SettingsSource, cluster_map_options, cluster_maps, read_settings
from pillion.cli.injection.texts import FileError, read_file, write_output
from pillion.inject.schema.types import Json
from pillion.inject.settings import to_config_maps
from pillion.resources.yaml.dump import dump_all


@click.command()
@click.option("-o", "--output", default="yaml", show_default=True, help="yaml, json, or a folder for a file a setting")
@click.option("-r", "--revision", default="", help="revision whose settings they are")
@cluster_map_options
def settings(output: str, revision: str, **named: str) -> None:
    """Export the settings of pillion as the ConfigMaps istio-sidecar-injector and istio.

    A folder gets the files config, values and mesh, which kube-inject, doctor and webhook read. A file that is there
    already and says something else is left alone, and then nothing is written. With an option that names a cluster,
    its settings are exported.
    """
    revision = "" if revision == "default" else revision
    source = read_settings(SettingsSource(cluster=cluster_maps(revision, **named)))
    maps = to_config_maps(source, named["home"] or HOME, revision)
    if output == "yaml":
        write_output(dump_all(maps), "")
    elif output == "json":
        click.echo(json.dumps({"apiVersion": "v1", "kind": "List", "items": maps}, indent=2))
    else:
        _write(maps, Path(output))


def _write(maps: tuple[Json, ...], folder: Path) -> None:
    files = {folder / key: str(text) for document in maps for key, text in document["data"].items()}
    for file, text in files.items():
        if file.exists() and read_file(str(file)) != text:
            message = f"{file} is there already, and says something else"
            raise FileError(message)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"{folder}: {str(error.strerror).lower()}"
        raise FileError(message) from None
    for file, text in files.items():
        write_output(text, str(file))
