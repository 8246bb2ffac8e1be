"""The gguf package and transformers read the GGUF files that temper writes, and temper reads theirs; llama.cpp behind a switch."""

import json
import os

import gguf
import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType as Type
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

from conftest import ROOT

STORIES = ROOT / "examples/models/stories260K"
GOLDEN = ROOT / "core/src/test/resources/golden/models"
TEXTS = ["Once upon a time", "  two  spaces\n\nand lines", "It's 1234, isn't it?", "Grüße, 日本 🙂"]


def tensors(file):
    """Every tensor of a GGUF file, dequantised by the gguf package, outermost dimension first."""
    out = {}
    for t in gguf.GGUFReader(file).tensors:
        values = gguf.quants.dequantize(t.data, t.tensor_type)
        out[t.name] = values.reshape([int(n) for n in reversed(t.shape)])
    return out


def permuted(weight, heads):
    """llama.cpp's order of the rows of a llama's query and key projections."""
    rows = weight.shape[0]
    return weight.reshape(heads, 2, rows // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


@pytest.mark.parametrize("dtype, stored", [("float32", Type.F32), ("float16", Type.F16), ("bfloat16", Type.BF16), ("q8_0", Type.Q8_0)])
def test_the_gguf_package_reads_equal_values(temper, tmp_path, dtype, stored):
    temper("convert", STORIES, "stories.gguf", "--dtype", dtype)

    ours = tensors(tmp_path / "stories.gguf")
    model = {k: v.numpy() for k, v in load_file(STORIES / "model.safetensors").items()}
    for ours_name, name, heads in [
        ("token_embd.weight", "model.embed_tokens.weight", None),
        ("output_norm.weight", "model.norm.weight", None),
        ("blk.3.attn_q.weight", "model.layers.3.self_attn.q_proj.weight", 8),
        ("blk.3.attn_k.weight", "model.layers.3.self_attn.k_proj.weight", 4),
        ("blk.3.attn_v.weight", "model.layers.3.self_attn.v_proj.weight", None),
        ("blk.0.ffn_gate.weight", "model.layers.0.mlp.gate_proj.weight", None),
    ]:
        weight = model[name] if heads is None else permuted(model[name], heads)
        if weight.ndim == 2:
            # The package's own rounding, which must be ours byte for byte.
            weight = gguf.quants.dequantize(gguf.quants.quantize(weight, stored), stored)
        assert np.array_equal(ours[ours_name], weight), ours_name


@pytest.mark.parametrize("family", ["llama2", "llama_rope_linear", "qwen2", "qwen3", "phi3"])
def test_transformers_computes_the_same_from_our_gguf_file(temper, tmp_path, family):
    temper("convert", GOLDEN / family, "model.gguf")

    expected = AutoModelForCausalLM.from_pretrained(GOLDEN / family, dtype=torch.float32)
    # From GGUF metadata transformers reads neither RoPE scaling nor Qwen 3's head width.
    config = AutoConfig.from_pretrained(GOLDEN / family)
    got = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="model.gguf", config=config, dtype=torch.float32)
    ids = torch.tensor([[5, 17, 3, 99, 42, 7, 120, 11]])
    with torch.no_grad():
        assert torch.allclose(got(ids).logits, expected(ids).logits, atol=1e-5)
    for (name, a), (other, b) in zip(sorted(got.state_dict().items()), sorted(expected.state_dict().items())):
        assert name == other and torch.equal(a, b), name


def test_transformers_reads_our_vocabulary(temper, tmp_path):
    temper("convert", STORIES, "stories.gguf")

    theirs = AutoTokenizer.from_pretrained(tmp_path, gguf_file="stories.gguf")
    original = AutoTokenizer.from_pretrained(STORIES)
    for text in TEXTS:
        # From GGUF files transformers adds no space before a text that starts with one.
        text = text.strip()
        assert theirs(text, add_special_tokens=False).input_ids == original(text, add_special_tokens=False).input_ids


def test_a_directory_made_from_gguf_loads_in_transformers(temper, tmp_path):
    temper("convert", STORIES, "stories.gguf")
    temper("convert", "stories.gguf", "back")

    model, info = AutoModelForCausalLM.from_pretrained(tmp_path / "back", output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"], info
    original = AutoModelForCausalLM.from_pretrained(STORIES, dtype=torch.float32)
    for name, weight in original.state_dict().items():
        assert torch.equal(model.state_dict()[name], weight), name
    theirs, ours = AutoTokenizer.from_pretrained(STORIES), AutoTokenizer.from_pretrained(tmp_path / "back")
    for text in TEXTS:
        assert ours(text).input_ids == theirs(text).input_ids


@pytest.mark.skipif("TEMPER_LLAMA_CPP" not in os.environ, reason="set TEMPER_LLAMA_CPP=1 where llama-cpp-python is installed")
@pytest.mark.parametrize("dtype", ["float32", "q8_0", "q4_0"])
def test_llama_cpp_computes_the_same_from_our_gguf_file(temper, tmp_path, dtype):
    import llama_cpp

    temper("convert", STORIES, "stories.gguf", "--dtype", dtype)
    temper("convert", "stories.gguf", "back")
    ids = [1, 403, 407, 261, 378]
    (tmp_path / "rows.jsonl").write_text(json.dumps({"input_ids": ids}) + "\n")
    temper("score", "--model", "back", "--data", "rows.jsonl", "--out", "scored.jsonl")
    ours = json.loads((tmp_path / "scored.jsonl").read_text())["logprobs"]

    llm = llama_cpp.Llama(str(tmp_path / "stories.gguf"), logits_all=True, n_ctx=64, verbose=False)
    assert llm.tokenize(b"Once upon a time", add_bos=True) == AutoTokenizer.from_pretrained(STORIES)("Once upon a time").input_ids
    llm.eval(ids)
    logits = torch.tensor(np.array(llm.scores[: len(ids) - 1]))
    theirs = torch.log_softmax(logits, -1).gather(1, torch.tensor(ids[1:])[:, None]).squeeze(1).tolist()
    # llama.cpp keeps the cache in half precision and, with quantized weights, rounds activations too.
    assert max(abs(a - b) for a, b in zip(ours, theirs)) < (0.02 if dtype == "float32" else 0.3)


def test_a_damaged_gguf_file_is_one_line_without_a_stack_trace(temper, tmp_path):
    temper("convert", STORIES, "stories.gguf")
    whole = (tmp_path / "stories.gguf").read_bytes()
    (tmp_path / "cut.gguf").write_bytes(whole[: len(whole) // 2])

    done = temper("convert", "cut.gguf", "out", status=1)
    assert "cut.gguf" in done.stderr and "truncated" in done.stderr
    assert "\tat " not in done.stderr
    assert not (tmp_path / "out").exists()
