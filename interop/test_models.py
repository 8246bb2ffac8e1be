"""transformers and PEFT read what temper writes, temper reads what PEFT writes, and both compute the same log-probabilities."""

import json

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from conftest import ROOT

MODEL = ROOT / "examples/models/stories260K"
DATA = ROOT / "examples/data/shakespeare-train.jsonl"
TOLERANCE = 1e-4


@pytest.fixture(scope="session")
def rows():
    """Token ids of different lengths, from a generator that never changes."""
    generator = torch.Generator().manual_seed(5)
    return [[1, *torch.randint(3, 512, (n,), generator=generator).tolist()] for n in (1, 7, 30, 200)]


@pytest.fixture
def score(temper, tmp_path, rows):
    """Returns ``./temper score``'s log-probabilities of the ids after the first, for each row."""

    def run(*arguments):
        data, out = tmp_path / "rows.jsonl", tmp_path / "scored.jsonl"
        data.write_text("".join(json.dumps({"input_ids": ids}) + "\n" for ids in rows), encoding="utf-8")
        temper("score", "--data", data, "--out", out, *arguments)
        scored = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        assert [row["input_ids"] for row in scored] == rows, "rows come back in order and whole"
        return [row["logprobs"] for row in scored]

    return run


@pytest.fixture
def sft(temper, tmp_path):
    """Trains for two steps, enough that an adapter's B is not zero, and returns the run's directory."""

    def run(*arguments):
        few = tmp_path / "train.jsonl"
        few.write_text("\n".join(DATA.read_text(encoding="utf-8").splitlines()[:16]) + "\n", encoding="utf-8")
        out = tmp_path / "run"
        temper(
            "sft", "--model", MODEL, "--data", few, "--out", out, "--steps", 2, "--batch-size", 4, "--max-length", 64,
            "--learning-rate", "1e-2", "--schedule", "constant", *arguments,
        )  # fmt: skip
        return out

    return run


def reference(model, rows):
    """The same numbers from a transformers or PEFT model."""
    model.eval()
    out = []
    with torch.no_grad():
        for ids in rows:
            logits = model(input_ids=torch.tensor([ids])).logits[0, :-1].float()
            targets = torch.tensor(ids[1:]).unsqueeze(1)
            out.append(torch.log_softmax(logits, dim=-1).gather(1, targets).squeeze(1).tolist())
    return out


def load(folder):
    """A model in F32 whatever its file holds; everything in the file must be used, and nothing may be missing from it."""
    model, info = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info
    return model


def largest_difference(ours, theirs):
    assert [len(row) for row in ours] == [len(row) for row in theirs]
    return max(abs(a - b) for x, y in zip(ours, theirs) for a, b in zip(x, y))


def test_the_model_as_it_came_has_the_log_probabilities_of_transformers(score, rows):
    assert largest_difference(score("--model", MODEL), reference(load(MODEL), rows)) < TOLERANCE


@pytest.mark.parametrize("dtype, name", [("F32", torch.float32), ("BF16", torch.bfloat16)])
def test_transformers_loads_a_model_that_temper_trained(sft, score, rows, dtype, name):
    saved = sft("--dtype", dtype) / "model"

    stored = AutoModelForCausalLM.from_pretrained(saved, dtype="auto")
    assert stored.dtype == name
    ours = score("--model", saved)
    assert largest_difference(ours, reference(load(saved), rows)) < TOLERANCE
    assert largest_difference(ours, reference(load(MODEL), rows)) > 0.01, "it was trained"


def test_transformers_loads_the_tokenizer_that_temper_saved(sft):
    saved = sft() / "model"

    text = "First Citizen:\nBefore we proceed any further, hear me speak."
    assert AutoTokenizer.from_pretrained(saved)(text).input_ids == AutoTokenizer.from_pretrained(MODEL)(text).input_ids


@pytest.mark.parametrize("scaling", [(), ("--lora-rslora",)], ids=["standard", "rank-stabilized"])
def test_peft_loads_an_adapter_that_temper_trained(sft, score, rows, scaling):
    run = sft("--peft", "lora", "--lora-rank", 4, "--lora-alpha", 8, *scaling)

    theirs = reference(PeftModel.from_pretrained(load(MODEL), run / "adapter"), rows)
    assert largest_difference(score("--model", MODEL, "--adapter", run / "adapter"), theirs) < TOLERANCE
    assert largest_difference(score("--model", run / "merged"), theirs) < TOLERANCE
    assert largest_difference(theirs, reference(load(MODEL), rows)) > 0.01, "it was trained"


@pytest.mark.parametrize(
    "options",
    [
        {"target_modules": "all-linear"},
        {"target_modules": ["q_proj", "v_proj"], "use_rslora": True},
        {"target_modules": ["q_proj", "down_proj"], "rank_pattern": {"down_proj": 2}, "alpha_pattern": {"q_proj": 3}},
    ],
    ids=["all-linear", "rslora", "patterns"],
)
def test_temper_loads_an_adapter_that_peft_saved(score, rows, tmp_path, options):
    torch.manual_seed(3)
    model = get_peft_model(load(MODEL), LoraConfig(r=4, lora_alpha=8, task_type="CAUSAL_LM", **options))
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "lora_B" in key:
                parameter.normal_(std=0.2)
    adapter = tmp_path / "peft adapter"
    model.save_pretrained(adapter)

    theirs = reference(model, rows)
    assert largest_difference(score("--model", MODEL, "--adapter", adapter), theirs) < TOLERANCE
    assert largest_difference(theirs, reference(load(MODEL), rows)) > 0.01, "the adapter does something"
