"""The Python side of peer.py's generate and load: transformers on the CPU, float32, greedy, exactly 64 new tokens."""

import argparse
import json
import os
import time

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--data")
parser.add_argument("--batch-size", type=int, default=1)
parser.add_argument("--repeats", type=int, default=4)
args = parser.parse_args()
os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")

import torch  # noqa: E402  (after the environment is set)
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

NEW_TOKENS = 64
begun = time.perf_counter()
model = AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32)
tokenizer = AutoTokenizer.from_pretrained(args.model)
figures = {"load_s": time.perf_counter() - begun}

if args.data:
    with open(args.data, encoding="utf-8") as lines:
        prompts = [json.loads(line)["prompt"] for line in lines][: args.batch_size]
    tokenizer.padding_side = "left"
    chats = [tokenizer.apply_chat_template(p, add_generation_prompt=True, tokenize=False) for p in prompts]
    inputs = tokenizer(chats, return_tensors="pt", padding=True, add_special_tokens=False)
    model.eval()
    model.generation_config.eos_token_id = None  # nothing ends a completion early, on either side
    seconds, processor_seconds = [], []
    with torch.inference_mode():
        for _ in range(args.repeats):
            begun, processor = time.perf_counter(), time.process_time()
            out = model.generate(**inputs, do_sample=False, max_new_tokens=NEW_TOKENS)
            seconds.append(time.perf_counter() - begun)
            processor_seconds.append(time.process_time() - processor)
    figures.update(
        prompt_tokens=int(inputs["attention_mask"].sum()),
        step_s=seconds,
        tokens_per_s=args.batch_size * NEW_TOKENS / min(seconds),
        cpu_s=processor_seconds,
        tokens_per_cpu_s=args.batch_size * NEW_TOKENS / min(processor_seconds),
        ids=out[:, inputs["input_ids"].shape[1] :].tolist(),
    )
print(json.dumps(figures))
