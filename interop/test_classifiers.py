"""Sequence classifiers of every family: trained and saved here, transformers computes the same scores, and the other way round."""

import subprocess

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from conftest import ROOT

GOLDEN = ROOT / "core/src/test/resources/golden/models"
FAMILIES = [
    "llama3", "mistral_sliding", "qwen2", "qwen3", "gemma2", "gemma3_text", "phi3", "gpt2", "opt", "gpt_neox", "olmo2", "smollm3", "mixtral",
    "qwen2_moe", "qwen3_moe", "bert",
]  # fmt: skip
TOLERANCE = 2e-4


CLASS_PATH = str(ROOT / "cli/target/lib/*")


def program(*arguments):
    command = ["java", "--class-path", CLASS_PATH, str(ROOT / "interop/Classifiers.java"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr
    return torch.tensor([[float(x) for x in line.split()] for line in done.stdout.splitlines()])


def write_rows(path, vocabulary):
    generator = torch.Generator().manual_seed(3)
    rows = [torch.randint(3, vocabulary, (n,), generator=generator).tolist() for n in (1, 7, 19, 30)]
    path.write_text("".join(" ".join(map(str, ids)) + "\n" for ids in rows), encoding="utf-8")
    return rows


def reference(folder, rows):
    model, info = AutoModelForSequenceClassification.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info
    model.eval()
    with torch.no_grad():
        return model, torch.cat([model(input_ids=torch.tensor([ids])).logits for ids in rows])


@pytest.mark.parametrize("family", FAMILIES)
def test_transformers_scores_as_the_classifier_made_here(family, tmp_path):
    rows = write_rows(tmp_path / "rows", 120)
    ours = program(GOLDEN / family, tmp_path / "rows", tmp_path / "out")
    model, theirs = reference(tmp_path / "out", rows)
    assert type(model).__name__ == model.config.architectures[0]
    assert model.config.id2label == {0: "bad", 1: "fair", 2: "good"}
    assert (ours - theirs).abs().max() < TOLERANCE
    again = tmp_path / "again"
    model.save_pretrained(again)
    assert (program(again, tmp_path / "rows", "load") - theirs).abs().max() < TOLERANCE
