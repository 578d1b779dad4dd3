"""An executed notebook without what differs from machine to machine: to be committed and compared."""

import re
import sys
import sysconfig
import tempfile
from pathlib import Path

import nbformat

from emostudy.paths import ROOT

WIDGET = "application/vnd.jupyter.widget-view+json"
BINARY = ("image/", "audio/", "video/", "application/pdf")


def folder_names() -> dict[str, str]:
    """Absolute folders of this machine and the names that stand for them in an executed copy."""
    names = {tempfile.gettempdir(): "tmp", str(Path.home()): "~", str(Path.home().resolve()): "~"}
    if sys.prefix != sys.base_prefix:  # a virtual environment
        names[sys.prefix] = "python"
    installed = sysconfig.get_paths()
    return names | {installed["stdlib"]: "python", installed["purelib"]: "site-packages", str(ROOT): "."}


def clean(notebook: nbformat.NotebookNode, names: dict[str, str]) -> None:
    """Take out what differs between machines or runs: timings, random ids, versions, paths, addresses."""
    for key in ("papermill", "widgets"):
        notebook.metadata.pop(key, None)
    notebook.metadata.get("language_info", {}).pop("version", None)
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id, cell.source = "injected-parameters", portable(cell.source, names)
        if cell.metadata.get("tags") == []:
            del cell.metadata["tags"]
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)
            output.update(portable(output, names))


def portable(value, names: dict[str, str]):
    """Replace absolute folders, object addresses and process numbers in the text of `value`."""
    if isinstance(value, dict):
        return {key: item if key.startswith(BINARY) else portable(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [portable(item, names) for item in value]
    if not isinstance(value, str):
        return value
    folders = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True) if len(name) > 1)
    # a folder starts after a blank, quote, bracket or colour code, never inside a word: base64 may spell /tmp
    start = r"(^|[^\w+/.~-]|\x1b\[[\d;]*m|file://)"
    text = re.sub(rf"{start}({folders})(?![\w-]|\.\w)", lambda found: found[1] + names[found[2]], value, flags=re.M)
    text = re.sub(r"ipykernel_\d+", "ipykernel", text)
    return re.sub(r" at 0x[0-9a-f]{6,}", "", text)
