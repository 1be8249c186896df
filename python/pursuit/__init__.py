"""Selects the training examples that train a language model best: the command ``pursuit`` from Python.

Data is a path, a list of paths, rows (an iterable of dicts), or a frame: a ``datasets.Dataset``, a pandas or a polars frame.
Every option of the command line is a keyword: ``max_length=1024`` is ``--max-length 1024``, ``exclude_target=True`` is
``--exclude-target``, a list repeats its option, and a dict is written as ``name=value``. ``pursuit select --help`` lists them.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Union

__all__ = ["Data", "Error", "Proof", "Scores", "Selection", "find_pursuit", "prove", "prune", "score", "select"]

Data = Union[str, "os.PathLike[str]", Sequence[Union[str, "os.PathLike[str]"]], Iterable[Mapping[str, Any]], Any]
"""Paths, rows, or a frame with ``to_json`` or ``write_ndjson``."""


class Error(Exception):
    """Wrong use, bad input, or a run that failed; the message is the program's own."""

    def __init__(self, message: str, code: int, faults: Sequence[Mapping[str, Optional[str]]] = ()) -> None:
        super().__init__(message)
        first = faults[0] if faults else {}
        self.code: int = code
        """The program's exit code: 2 for wrong use or bad input, 1 for a run that failed."""
        self.faults: List[Mapping[str, Optional[str]]] = list(faults)
        """Every fault, with subject, found, expected and advice."""
        self.subject: Optional[str] = first.get("subject")
        self.found: Optional[str] = first.get("found")
        self.expected: Optional[str] = first.get("expected")
        self.advice: Optional[str] = first.get("advice")


@dataclass(frozen=True)
class Selection:
    """What was selected, best first."""

    indices: List[int]
    """Row numbers from 0, for ``dataset.select(indices)`` or ``frame.iloc[indices]``."""
    weights: List[float]
    """Training weights; their mean is 1."""
    scores: List[float]
    """What the method ordered by."""
    ids: List[str]
    """The rows' own ids; the content id of a row without one."""
    records: Path
    """The selected records: JSON lines, or a table where ``out`` ends in .parquet."""
    run: Path
    """The run's directory, with its report and ledger."""
    summary: Dict[str, Any] = field(repr=False)
    """What ``--json`` prints."""


@dataclass(frozen=True)
class Scores:
    """Every example's measures, in the pool's order."""

    indices: List[int]
    """Row numbers from 0."""
    ids: List[str]
    """The rows' own ids; the content id of a row without one."""
    scores: Dict[str, List[Optional[float]]]
    """Each measure's values; None where there is none."""
    path: Path
    """The file of them, one line of JSON per example, or a table where ``out`` ends in .parquet."""
    run: Path
    """The run's directory."""
    summary: Dict[str, Any] = field(repr=False)
    """What ``--json`` prints."""


@dataclass(frozen=True)
class Proof:
    """What training on each selection came to."""

    summary: Dict[str, Any] = field(repr=False)
    """What ``--json`` prints."""
    run: Path
    """The run's directory, with its report."""


def select(
    pool: Data, target: Optional[Data] = None, budget: Union[str, int] = "1%", method: str = "gtp",
    directory: Union[str, "os.PathLike[str]", None] = None, **options: Any,
) -> Selection:
    """Selects from a pool within a budget.

    :param pool: the candidates.
    :param target: examples of what the model should become good at.
    :param budget: how much, such as 500, ``"1%"`` or ``"200k-tokens"``.
    :param method: the method's name; ``pursuit methods`` lists them.
    :param directory: where everything is written; the same directory again reuses what stays valid. A new temporary one by default.
    :param options: any other option of ``pursuit select``.
    :raises Error: wrong use, bad input, or a run that failed.
    """
    place = _Place(directory)
    words = ["select", *place.data("pool", pool), *place.data("target", target), "--budget", str(budget), "--method", method]
    return _selection(place, words, options)


def prune(
    pool: Data, keep: Union[str, int] = "70%", method: str = "information",
    directory: Union[str, "os.PathLike[str]", None] = None, **options: Any,
) -> Selection:
    """Keeps a share of a pool, without a target; see :func:`select`."""
    place = _Place(directory)
    return _selection(place, ["prune", *place.data("pool", pool), "--keep", str(keep), "--method", method], options)


def score(
    pool: Data, target: Optional[Data] = None, methods: Union[str, Sequence[str], None] = None,
    directory: Union[str, "os.PathLike[str]", None] = None, **options: Any,
) -> Scores:
    """Measures every example of a pool; see :func:`select`."""
    place = _Place(directory)
    words = ["score", *place.data("pool", pool), *place.data("target", target), *_words("methods", methods)]
    out = Path(options.pop("out", place.path("scores.jsonl")))
    run = Path(options.pop("run", place.path("scores.run")))
    read = _reader(out)
    summary = _run([*words, "--out", str(out), "--run", str(run)], options)
    rows = read(out)
    names = [name for name, _ in rows[0]["scores"].items()] if rows else []
    return Scores(
        indices=[row["index"] for row in rows], ids=[_id(row) for row in rows],
        scores={name: [row["scores"][name] for row in rows] for name in names}, path=out, run=run, summary=summary)


def prove(
    pool: Data, target: Data, test: Data, methods: Union[str, Sequence[str]] = "gtp", budget: Union[str, int, Sequence[str]] = "1%",
    directory: Union[str, "os.PathLike[str]", None] = None, **options: Any,
) -> Proof:
    """Trains on each method's selection, on random ones and on the whole pool, and compares them; see :func:`select`."""
    place = _Place(directory)
    words = [
        "prove", *place.data("pool", pool), *place.data("target", target), *place.data("test", test), *_words("methods", methods),
        *_words("budget", budget),
    ]
    run = Path(options.pop("run", place.path("proof.run")))
    return Proof(summary=_run([*words, "--run", str(run)], options), run=run)


def find_pursuit() -> str:
    """The program's path: beside this Python, in the user's scripts, or on the PATH.

    :raises FileNotFoundError: it is in none of them.
    """
    name = "pursuit" + (sysconfig.get_config_var("EXE") or "")
    places = [sysconfig.get_path("scripts")]
    if sys.version_info >= (3, 10):
        places.append(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")))
    places.append(str(Path(__file__).resolve().parent.parent / "bin"))  # pip install --target
    for place in places:
        path = os.path.join(place, name)
        if os.path.isfile(path):
            return path
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name}: not in {', '.join(places)}, nor on the PATH; install the wheel again")
    return found


class _Place:
    """The directory of one call."""

    def __init__(self, directory: Union[str, "os.PathLike[str]", None]) -> None:
        self._directory = Path(directory if directory is not None else tempfile.mkdtemp(prefix="pursuit-")).absolute()
        self._directory.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        return self._directory / name

    def data(self, option: str, value: Optional[Data]) -> List[str]:
        """An option with the files of its data; rows and frames are written as JSON lines."""
        if value is None:
            return []
        if isinstance(value, (str, os.PathLike)):
            return ["--" + option, os.fspath(value)]
        if isinstance(value, (list, tuple)) and value and all(isinstance(v, (str, os.PathLike)) for v in value):
            return ["--" + option, *map(os.fspath, value)]
        path = self.path(option + ".jsonl")
        partial = self.path(option + ".jsonl.partial")
        _write(value, partial)
        # The same records keep the file as it is, and with it what a run has cached.
        os.replace(partial, path)
        return ["--" + option, str(path)]


def _write(value: Any, path: Path) -> None:
    if hasattr(value, "write_ndjson"):  # polars
        value.write_ndjson(str(path))
    elif hasattr(value, "to_json"):  # pandas, datasets
        value.to_json(str(path), orient="records", lines=True, force_ascii=False)
    elif isinstance(value, Iterable) and not isinstance(value, (bytes, Mapping)):
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            for number, row in enumerate(value):
                if not isinstance(row, Mapping):
                    raise TypeError(f"row {number} is a {type(row).__name__}; expected a dict")
                file.write(json.dumps(row, ensure_ascii=False, allow_nan=False))
                file.write("\n")
    else:
        raise TypeError(f"data is a {type(value).__name__}; expected a path, paths, dicts, or a frame with to_json or write_ndjson")


def _words(name: str, value: Any) -> List[str]:
    """An option as the command line has it."""
    option = "--" + name.replace("_", "-")
    if value is None or value is False:
        return []
    if value is True:
        return [option]
    if isinstance(value, Mapping):
        value = [f"{key}={_text(item)}" for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return [word for item in value for word in (option, _text(item))]
    return [option, _text(value)]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return os.fspath(value) if isinstance(value, os.PathLike) else str(value)


def _selection(place: _Place, words: List[str], options: Dict[str, Any]) -> Selection:
    out = Path(options.pop("out", place.path("selected.jsonl")))
    run = Path(options.pop("run", place.path("selected.run")))
    read = _reader(out)
    summary = _run([*words, "--out", str(out), "--run", str(run)], options)
    facts = read(Path(summary["files"]["facts"]))
    return Selection(
        indices=[row["index"] for row in facts], weights=[row["weight"] for row in facts], scores=[row["score"] for row in facts],
        ids=[_id(row) for row in facts], records=out, run=run, summary=summary)


def _id(row: Mapping[str, Any]) -> str:
    own = row.get("id")
    return own if own is not None else row["content_id"]


def _reader(out: Path) -> Callable[[Path], List[Dict[str, Any]]]:
    """What reads facts and scores, which are tables where the output is one: that needs another package, found before the run."""
    if out.suffix.lower() != ".parquet":
        return _lines
    try:
        from pyarrow import parquet
        return lambda path: parquet.read_table(path).to_pylist()
    except ImportError:
        pass
    try:
        import polars
        return lambda path: polars.read_parquet(path).to_dicts()
    except ImportError:
        fault = {
            "subject": "out", "found": f"'{out}', and neither pyarrow nor polars, which would read its facts", "expected": "one of them",
            "advice": "Install one, or give a name that ends in .jsonl."}
        raise Error("{subject}: {found}; expected {expected}. {advice}".format(**fault), 2, [fault]) from None


def _lines(path: Path) -> List[Dict[str, Any]]:
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _run(words: List[str], options: Mapping[str, Any]) -> Dict[str, Any]:
    """Runs the program; its progress goes to standard error. An interrupt stops it at its next safe point, a second one at once."""
    command = [find_pursuit(), *words, *(word for name, value in options.items() for word in _words(name, value)), "--json"]
    # In a session of its own, so that a terminal's Ctrl-C arrives once, through here, and a notebook's arrives too.
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        start_new_session=True)
    said: List[str] = []
    output: List[str] = []

    def tell() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            del said[:-20]
            sys.stderr.write(line)

    def listen() -> None:
        assert process.stdout is not None
        output.append(process.stdout.read())

    threads = [threading.Thread(target=tell, daemon=True), threading.Thread(target=listen, daemon=True)]
    for thread in threads:
        thread.start()
    try:
        process.wait()
    except BaseException:
        _stop(process)
        raise
    for thread in threads:
        thread.join()
    answer = _answer(output[0])
    if process.returncode == 0 and answer is not None:
        return answer
    error = (answer or {}).get("error", {})
    message = error.get("message") or "".join(said).strip() or f"pursuit ended with code {process.returncode}"
    raise Error(message, process.returncode, error.get("faults", ()))


def _stop(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise


def _answer(output: str) -> Optional[Dict[str, Any]]:
    lines = output.strip().splitlines()
    return json.loads(lines[-1]) if lines else None
