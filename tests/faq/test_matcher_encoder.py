"""The slot for a sentence encoder, with a model of a few bytes made here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tokenizers import Tokenizer, models, pre_tokenizers

from faq.encoder import OnnxEncoder, load
from faq.matching import Matcher
from tests.faq.books import book

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from faq.features import Floats

# The model knows that these mean the same, which no letter tells.
ALIKE = {
    "[UNK]": 0,
    "[PAD]": 0,
    "zebra": 1,
    "quagga": 1,
    "pumpkin": 2,
    "gourd": 2,
    "kettle": 3,
    "urn": 3,
}


@pytest.fixture(params=["tokens", "pooled"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Write a model whose tokens are looked up in a table; it pools them itself or does not."""
    pooled = request.param == "pooled"
    table = np.eye(4, dtype=np.float32)[list(ALIKE.values())]
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["tokens"])]
    if pooled:
        nodes.append(helper.make_node("ReduceMean", ["tokens", "axes"], ["pooled"], keepdims=0))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])],
        [helper.make_tensor_value_info("pooled" if pooled else "tokens", TensorProto.FLOAT, None)],
        [
            onnx.numpy_helper.from_array(table, "table"),
            *([onnx.numpy_helper.from_array(np.array([1]), "axes")] if pooled else []),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(model, str(tmp_path / "model.onnx"))
    tokenizer = Tokenizer(
        models.WordLevel({word: i for i, word in enumerate(ALIKE)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


ZOO = book({"animal": {"en": ["zebra"]}, "plant": {"en": ["pumpkin"]}, "pot": {"en": ["kettle"]}})


def test_vectors(folder: Path) -> None:
    """Each text has a vector of length one; like means close; the padding counts for nothing."""
    encoder = OnnxEncoder(folder)
    one, other, far = encoder.encode(["zebra", "quagga", "pumpkin"])
    assert np.allclose(np.linalg.norm([one, other, far], axis=1), 1)
    assert one @ other > 0.99
    assert one @ far < 0.5
    assert len(encoder.encode([f"zebra {i}" for i in range(70)])) == 70


def test_meaning_joins_the_score(folder: Path) -> None:
    """A word the book does not have finds its entry by meaning, and the encoder is a signal."""
    encoder = load(folder)
    with_encoder = Matcher(ZOO, encoder=encoder)
    found = with_encoder.match("quagga zebr", "en").candidates
    without = Matcher(ZOO).match("quagga zebr", "en").candidates
    assert found[0].entry == "animal"
    assert found[0].score > without[0].score


def test_vectors_are_kept(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The book is encoded once; another encoder, or none, has a file of its own."""
    cache = tmp_path / "cache"
    Matcher(ZOO, cache, load(folder))
    encoder = OnnxEncoder(folder)
    asked: list[int] = []
    encode = encoder.encode

    def counted(texts: Sequence[str]) -> Floats:
        asked.append(len(texts))
        return encode(texts)

    monkeypatch.setattr(encoder, "encode", counted)
    Matcher(ZOO, cache, encoder).match("zebra", "en")
    assert asked == [1]
    Matcher(ZOO, cache)
    assert len(list(cache.iterdir())) == 2


def test_no_folder_no_encoder(tmp_path: Path) -> None:
    """Off by default; a folder without a model is said to be so."""
    assert load(None) is None
    with pytest.raises(FileNotFoundError, match=r"model\.onnx"):
        load(tmp_path)
