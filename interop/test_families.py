"""Every model family: trained here for three steps of LoRA, it computes in transformers and PEFT what it computes here."""

import json

import pytest
import torch
from peft import PeftModel
from transformers import AutoConfig, AutoModelForCausalLM

from conftest import ROOT

GOLDEN = ROOT / "core/src/test/resources/golden/models"
# Decoders of one family each; variants of Llama are covered by its own checks.
FAMILIES = [
    "llama3", "mistral_sliding", "qwen2", "qwen3", "gemma2", "gemma3_text", "phi3", "phi3_longrope", "gpt2", "opt", "opt_postnorm_proj",
    "gpt_neox", "gpt_neox_sequential", "olmo2", "smollm3", "mixtral", "qwen2_moe", "qwen3_moe",
]  # fmt: skip
MIXTURES = {"mixtral", "qwen2_moe", "qwen3_moe"}
TOLERANCE = 2e-4


def rows(vocabulary, seed, count):
    generator = torch.Generator().manual_seed(seed)
    lengths = [5, 12, 24, 9, 17, 30][:count]
    return [torch.randint(3, vocabulary, (n,), generator=generator).tolist() for n in lengths]


def log_probs(model, sequences):
    model.eval()
    out = []
    with torch.no_grad():
        for ids in sequences:
            logits = model(input_ids=torch.tensor([ids])).logits[0, :-1].float()
            out.append(torch.log_softmax(logits, -1).gather(1, torch.tensor(ids[1:]).unsqueeze(1)).squeeze(1).tolist())
    return out


def largest_difference(ours, theirs):
    assert [len(row) for row in ours] == [len(row) for row in theirs]
    return max(abs(a - b) for x, y in zip(ours, theirs) for a, b in zip(x, y))


def write(path, sequences):
    path.write_text("".join(json.dumps({"input_ids": ids}) + "\n" for ids in sequences), encoding="utf-8")
    return path


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_trained_here_is_the_same_in_transformers(family, temper, tmp_path):
    torch.manual_seed(11)
    config = AutoConfig.from_pretrained(GOLDEN / family)
    base = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    with torch.no_grad():  # norms and biases as different from their defaults as in a trained model
        for parameter in base.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    folder = tmp_path / "base"
    base.save_pretrained(folder)
    vocabulary = config.get_text_config().vocab_size
    held_out = rows(vocabulary, 2, 3)

    # Experts are one tensor in transformers' memory, where PEFT's linears do not reach them.
    targets = ["--targets", "q_proj,k_proj,v_proj,o_proj"] if family in MIXTURES else []
    temper(
        "sft", "--model", folder, "--data", write(tmp_path / "train.jsonl", rows(vocabulary, 1, 6)), "--out", tmp_path / "run",
        "--steps", 3, "--batch-size", 2, "--learning-rate", "1e-2", "--schedule", "constant",
        "--peft", "lora", "--lora-rank", 4, "--lora-alpha", 8, *targets,
    )  # fmt: skip
    scored = tmp_path / "scored.jsonl"
    temper("score", "--model", tmp_path / "run/merged", "--data", write(tmp_path / "rows.jsonl", held_out), "--out", scored)
    ours = [json.loads(line)["logprobs"] for line in scored.read_text(encoding="utf-8").splitlines()]

    merged, info = AutoModelForCausalLM.from_pretrained(
        tmp_path / "run/merged", dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info
    assert largest_difference(ours, log_probs(merged, held_out)) < TOLERANCE
    untrained = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    adapted = PeftModel.from_pretrained(untrained, tmp_path / "run/adapter")
    assert largest_difference(ours, log_probs(adapted, held_out)) < TOLERANCE
    assert largest_difference(ours, log_probs(base, held_out)) > 1e-3, "it was trained"
