"""Keeps a trained index on disk. Safe to delete: what is missing or damaged is made again."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from faq.calibration import Calibration
from faq.features import FeatureSpace
from faq.index import Index
from faq.language import LanguageModel
from faq.training import Trained

# Arrays of all kinds; each is checked by what is made of it.
Arrays = dict[str, npt.NDArray[Any]]

# Raise it when the arrays change their meaning, or the prior or the training changes what they hold;
# old files are then left alone.
FORMAT = 8
# So many learnt books are left in a folder, the newest; each takes some sixty megabytes.
KEPT = 6


def load(path: Path) -> Trained | None:
    """Return what was saved; none when there is nothing sound."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return _from_arrays({name: file[name] for name in file.files})
    except (OSError, ValueError, KeyError, EOFError, IndexError, zipfile.BadZipFile):
        return None


def save(path: Path, trained: Trained) -> None:
    """Write all or nothing, so that several builders may finish at once.

    A disk that cannot be written costs only the next start.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **_to_arrays(trained))  # type: ignore[arg-type]  # numpy types only `allow_pickle`
        Path(name).replace(path)
        _leave_newest(path)
    except OSError:
        Path(name).unlink(missing_ok=True)


def _leave_newest(saved: Path) -> None:
    """Remove what was learnt of books that have changed since; several towns may share a folder."""
    alike = saved.parent.glob(f"{saved.name.partition('-')[0]}-*{saved.suffix}")
    by_age = sorted(alike, key=lambda path: path.stat().st_mtime, reverse=True)
    for old in by_age[KEPT:]:
        old.unlink(missing_ok=True)


def _lines(texts: list[str] | tuple[str, ...]) -> npt.NDArray[np.uint8]:
    return np.frombuffer("\n".join(texts).encode(), np.uint8)


def _texts(lines: npt.NDArray[Any]) -> list[str]:
    return lines.tobytes().decode().split("\n") if lines.size else []


def _put(arrays: Arrays, name: str, matrix: sp.csr_matrix) -> None:
    arrays[f"{name}.data"] = matrix.data
    arrays[f"{name}.indices"] = matrix.indices
    arrays[f"{name}.indptr"] = matrix.indptr
    arrays[f"{name}.shape"] = np.array(matrix.shape)


def _get(arrays: Arrays, name: str) -> sp.csr_matrix:
    data, indices, indptr = (arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
    rows, columns = (int(n) for n in arrays[f"{name}.shape"])
    return sp.csr_matrix((data, indices, indptr), shape=(rows, columns))


def _to_arrays(trained: Trained) -> Arrays:
    index, space, language = trained.index, trained.index.space, trained.language
    arrays: Arrays = {
        "names": _lines(space.names),
        "idf": space.idf,
        "sizes": np.array(space.sizes),
        "weight": space.weight,
        "count": np.array(index.count),
        "weights": index.weights,
        "ends": index.ends,
        "texts": _lines(index.texts),
        "owner": index.owner,
        "owned": index.owned,
        "calibration": trained.calibration.weights,
        "runs": _lines(list(language.number)),
        "run odds": language.log_p,
        "known": _lines(list(language.known)),
        "known odds": np.array(list(language.known.values()), np.float32),
    }
    _put(arrays, "light", index.light)
    _put(arrays, "sums", index.sums)
    if index.meanings is not None:
        arrays["meanings"] = index.meanings
    return arrays


def _from_arrays(arrays: Arrays) -> Trained:
    sizes = [int(n) for n in arrays["sizes"]]
    idf = np.asarray(arrays["idf"], np.float32)
    space = FeatureSpace(
        _texts(arrays["names"]), idf, sizes, np.asarray(arrays["weight"], np.float32)
    )
    texts = tuple(arrays["texts"].tobytes().decode().split("\n")) if arrays["ends"][-1] else ()
    index = Index(
        space=space,
        count=int(arrays["count"]),
        weights=arrays["weights"],
        ends=arrays["ends"],
        texts=texts,
        light=_get(arrays, "light"),
        sums=_get(arrays, "sums"),
        owner=arrays["owner"],
        owned=arrays["owned"],
        meanings=arrays.get("meanings"),
    )
    runs = _texts(arrays["runs"])
    known = _texts(arrays["known"])
    language = LanguageModel(
        {run: i for i, run in enumerate(runs)},
        arrays["run odds"],
        dict(zip(known, arrays["known odds"], strict=True)),
    )
    return Trained(index, Calibration(arrays["calibration"]), language)
