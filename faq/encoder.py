"""An optional sentence encoder: any multilingual ONNX model in a local folder."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from faq.features import Floats

BATCH = 32
LONGEST = 128  # tokens
HASHED = 1 << 20  # bytes of the model that tell it from another, with its size


class Encoder(Protocol):
    """Gives each text a vector of length one, so that like means close."""

    identity: str  # changes when the vectors would

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return a row for each text."""
        ...


class OnnxEncoder:
    """A sentence model as exported by sentence-transformers: `model.onnx` and `tokenizer.json`."""

    def __init__(self, folder: Path) -> None:
        """Load the model.

        Raises:
            FileNotFoundError: A file is missing.
            ImportError: The extra `encoder` is not installed.
        """
        import onnxruntime  # noqa: PLC0415 - only with the extra `encoder`
        from tokenizers import Tokenizer  # noqa: PLC0415

        found = [
            path
            for path in (folder / "model.onnx", folder / "onnx" / "model.onnx")
            if path.is_file()
        ]
        if not found:
            raise FileNotFoundError(folder / "model.onnx")
        if not (folder / "tokenizer.json").is_file():
            raise FileNotFoundError(folder / "tokenizer.json")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(
            str(found[0]), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {given.name for given in self._session.get_inputs()}
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(LONGEST)
        self._tokenizer.enable_padding()
        self.identity = _identity(found[0], folder / "tokenizer.json")

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return a row for each text: the mean of its tokens, or what the model pools itself."""
        rows = [self._batch(texts[i : i + BATCH]) for i in range(0, len(texts), BATCH)]
        return np.concatenate(rows) if rows else np.zeros((0, 1), np.float32)

    def _batch(self, texts: Sequence[str]) -> Floats:
        read = self._tokenizer.encode_batch([text or " " for text in texts])
        mask = np.array([one.attention_mask for one in read], np.int64)
        given = {
            "input_ids": np.array([one.ids for one in read], np.int64),
            "attention_mask": mask,
            "token_type_ids": np.array([one.type_ids for one in read], np.int64),
        }
        given = {name: value for name, value in given.items() if name in self._inputs}
        states = np.asarray(self._session.run(None, given)[0], np.float32)
        if states.ndim == 3:
            weight = mask[:, :, None].astype(np.float32)
            states = (states * weight).sum(1) / np.maximum(weight.sum(1), 1)
        length = np.linalg.norm(states, axis=1, keepdims=True)
        states /= np.maximum(length, 1e-9)
        return states


def load(folder: Path | None) -> Encoder | None:
    """Return the encoder in the folder; none when no folder is named."""
    return OnnxEncoder(folder) if folder is not None else None


def _identity(*files: Path) -> str:
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.stat().st_size).encode())
        with path.open("rb") as file:
            digest.update(file.read(HASHED))
    return digest.hexdigest()[:16]
