"""Goldens of beam search and logits processors: make_generation.py LLAMA2_DIR OUT_DIR (transformers 5.24.0, torch 2.7.1, float32, CPU)."""
import gzip, json, sys, os
import torch
from transformers import AutoModelForCausalLM
from transformers.generation import logits_process as lp

model_dir, out = sys.argv[1:3]
torch.manual_seed(0)
g = json.load(gzip.open(os.path.join(model_dir, "golden.json.gz")))
prompts = {p["name"]: p["ids"] for p in g["inputs"]["prompts"]}
model = AutoModelForCausalLM.from_pretrained(model_dir, attn_implementation="eager", dtype=torch.float32).eval()
runs = []
for prompt in ("short", "middle"):
    for eos in (None, 102, [12, 95, 136]):
        for beams, penalty, early, extra in [
            (2, 1.0, True, {}), (3, 0.0, "never", {}), (4, 1.5, "never", {}), (4, -1.0, False, {}), (3, 2.0, True, {}),
            (3, 1.0, False, {"repetition_penalty": 1.3}), (3, 1.0, False, {"no_repeat_ngram_size": 2}),
            (3, 1.0, False, {"min_new_tokens": 5})]:
            if "min_new_tokens" in extra and eos is None:
                continue
            ids = torch.tensor([prompts[prompt]])
            o = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, num_beams=beams, length_penalty=penalty,
                early_stopping=early, num_return_sequences=beams, max_new_tokens=10, eos_token_id=eos, pad_token_id=0,
                return_dict_in_generate=True, output_scores=True, **extra)
            runs.append({"prompt": prompt, "eos_token_id": eos, "num_beams": beams, "length_penalty": penalty, "early_stopping": early,
                "max_new_tokens": 10, **extra, "sequences_new_ids": o.sequences[:, ids.shape[1]:].tolist(),
                "sequences_scores": o.sequences_scores.tolist()})


def write(name, value):
    with gzip.GzipFile(os.path.join(out, name), "wb", mtime=0) as f:
        f.write(json.dumps(value).encode())


write("beams.json.gz", {"source": "transformers 5.24.0 generate(), torch 2.7.1", "inputs": {"prompts": g["inputs"]["prompts"]}, "runs": runs})

def clean(t):
    return [None if x == float("-inf") else x for x in t.tolist()]

V = 24
rows = {"plain": torch.randn(V) * 2, "flat": torch.zeros(V)}
histories = {"a": [3, 7, 3, 9, 3, 7], "b": [1, 5, 6, 5, 6], "c": [2]}
procs = [
    ("NoBadWordsLogitsProcessor", {"bad_words_ids": [[4], [3, 7, 8], [7, 11], [5, 6, 2], [9, 9, 9, 9, 9, 9, 9]]}, lambda p: lp.NoBadWordsLogitsProcessor(p["bad_words_ids"])),
    ("SequenceBiasLogitsProcessor", {"sequence_bias": [[[4], 2.5], [[3, 7, 8], -3.0], [[7, 11], 1.25], [[7, 8], 0.5], [[5, 6, 2], 4.0], [[2, 2], -1.5]]}, lambda p: lp.SequenceBiasLogitsProcessor({tuple(k): v for k, v in p["sequence_bias"]})),
    ("SuppressTokensLogitsProcessor", {"suppress_tokens": [0, 5, 23]}, lambda p: lp.SuppressTokensLogitsProcessor(p["suppress_tokens"])),
    ("SuppressTokensAtBeginLogitsProcessor", {"begin_suppress_tokens": [1, 2], "begin_index": 5}, lambda p: lp.SuppressTokensAtBeginLogitsProcessor(p["begin_suppress_tokens"], p["begin_index"])),
    ("ForcedBOSTokenLogitsProcessor", {"bos_token_id": 13}, lambda p: lp.ForcedBOSTokenLogitsProcessor(p["bos_token_id"])),
    ("ForcedEOSTokenLogitsProcessor", {"max_length": 7, "eos_token_id": [2]}, lambda p: lp.ForcedEOSTokenLogitsProcessor(p["max_length"], p["eos_token_id"])),
    ("ExponentialDecayLengthPenalty", {"start": 2, "factor": 1.4, "eos_token_id": 5, "prompt_length": 1}, lambda p: lp.ExponentialDecayLengthPenalty((p["start"], p["factor"]), p["eos_token_id"], p["prompt_length"])),
]
cases = []
for name, params, make in procs:
    for h, ids in histories.items():
        for r, row in rows.items():
            got = make(params)(torch.tensor([ids]), row.clone()[None])[0]
            cases.append({"processor": name, "parameters": params, "history": h, "logits": r, "processed_logits": clean(got)})
write("processors.json.gz", {"source": "transformers 5.24.0 generation/logits_process.py, torch 2.7.1", "histories": histories,
    "logits": {k: v.tolist() for k, v in rows.items()}, "cases": cases})
print(len(runs), len(cases))
