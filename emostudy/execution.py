"""One notebook: run in a fresh kernel of this Python, cleaned of the machine's traces, written whole."""

import ast
import logging
import os
import sys
import tempfile
from pathlib import Path

import nbformat
import papermill
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec
from traitlets.config import Config

from emostudy.cleaning import clean, folder_names
from emostudy.paths import ROOT, write_atomically

logging.getLogger("papermill").setLevel(logging.ERROR)
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}


class ThisPython(AsyncKernelManager):
    """Starts kernels with the running Python: a kernelspec "python3" of the user may name another one."""

    @property
    def kernel_spec(self) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name=KERNEL["display_name"], language="python", env=kernel_environment())


def kernel_environment() -> dict[str, str]:
    """One thread per process (runs go parallel inside a notebook), no bars in outputs, absolute folders."""
    found = {name: os.environ.get(name) for name in ("EMOSTUDY_DATA", "EMOSTUDY_CACHE")}
    folders = {name: str(Path(value).expanduser().resolve()) for name, value in found.items() if value}
    return folders | {
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TQDM_DISABLE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONSTARTUP": "",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # else debugpy warns on stderr, into the first output
        # this repository's package, even where another copy of it is installed
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }


def private_sockets(folder: Path) -> Config:
    """Talk to the kernel through sockets in `folder`: no open ports, on which two runs might meet."""
    if sys.platform == "win32" or len(str(folder)) > 80:  # sockets' paths end at 107 bytes
        return Config()
    files = {"ip": str(folder / "kernel"), "connection_file": str(folder / "kernel.json")}
    return Config({"ThisPython": {"transport": "ipc"} | files})


def read_source(path: str | Path) -> nbformat.NotebookNode:
    """The notebook at `path`, to be run by the kernel of this Python. ValueError if it is no notebook."""
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, nbformat.ValidationError) as error:
        reason = first_line(error)[:200]
        raise ValueError(f"{Path(path).name} is not a whole notebook ({reason}): get it back with git") from error
    notebook.metadata["kernelspec"] = nbformat.from_dict(KERNEL)
    return notebook


def defaults(path: str | Path) -> dict[str, object]:
    """The parameters of a notebook and their default values, from its cell tagged `parameters`."""
    notebook = read_source(path)
    if not any("parameters" in cell.metadata.get("tags", []) for cell in notebook.cells):
        raise ValueError(
            f"{Path(path).name} has no cell tagged `parameters`, so no option reaches it: get it back with git"
        )
    return {name: literal(found["default"]) for name, found in papermill.inspect_notebook(notebook).items()}


def literal(text: str) -> object:
    """The value of a literal; None, which every type may replace, for anything else."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


def execute(
    source: Path,
    target: Path,
    parameters: dict,
    replacements: dict[str, str] | None = None,
    bar: dict | None = None,
) -> str:
    """Run the notebook `source` in its own folder and write the executed copy to `target`.

    A notebook that fails leaves `target` as it was and goes to `<slug>.failed.ipynb` beside it.
    `replacements` are more folders and the names that stand for them in the copy; `bar` is for tqdm.

    Returns:
        "" if every cell ran, else one line: cell and error.
    """
    failed = target.with_suffix(".failed.ipynb")
    with tempfile.TemporaryDirectory() as folder:
        # papermill takes braces in a path for parameters and writes after every cell: in a folder of its own
        before, after = Path(folder) / "before.ipynb", Path(folder) / "after.ipynb"
        nbformat.write(read_source(source), before)
        error = run_cells(before, after, parameters, source.parent, bar or {})
        if not after.exists():
            return error
        executed = nbformat.read(after, as_version=4)
    error = error or stopped_early(executed)
    clean(executed, folder_names() | (replacements or {}))
    with write_atomically(failed if error else target) as path:
        nbformat.write(executed, path)
    if not error:
        failed.unlink(missing_ok=True)
    return error


def run_cells(before: Path, after: Path, parameters: dict, cwd: Path, bar: dict) -> str:
    """Hand the notebook to papermill; "" or one line that says what went wrong."""
    try:
        papermill.execute_notebook(
            str(before),
            str(after),
            parameters,
            kernel_name=KERNEL["name"],
            language=KERNEL["language"],
            cwd=str(cwd),
            progress_bar={"leave": False, "disable": None} | bar,
            autosave_cell_every=0,
            kernel_manager_class=ThisPython,
            config=private_sockets(before.parent),
            # without the user's profile and start-up files, and quiet when it is interrupted
            extra_arguments=[f"--ipython-dir={before.parent}", "--log-level=CRITICAL"],
            record_timing=False,
            store_widget_state=False,
            coalesce_streams=True,
        )
    except papermill.PapermillExecutionError as error:
        return f"cell In [{error.exec_count}]: {error.ename}: {first_line(error.evalue)}"
    except Exception as error:  # a kernel that dies or does not start is a failed notebook, not the end of the study
        return f"{type(error).__name__}: {first_line(error)}"
    return ""


def stopped_early(notebook: nbformat.NotebookNode) -> str:
    """papermill takes `sys.exit()` for success; the cells after it never ran."""
    missed = [
        cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip() and not cell.execution_count
    ]
    return f"stopped by sys.exit() with {len(missed)} cells to go" if missed else ""


def first_line(error: object) -> str:
    """The first line of a message that says something."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "(no message)")
