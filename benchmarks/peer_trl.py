"""The Python side of peer.py: supervised fine-tuning or DPO with TRL on the CPU, float32."""

import argparse
import json
import os

parser = argparse.ArgumentParser()
parser.add_argument("--method", choices=["sft", "dpo"], required=True)
parser.add_argument("--model", required=True)
parser.add_argument("--data", required=True)
parser.add_argument("--out", required=True)
parser.add_argument("--steps", type=int, required=True)
parser.add_argument("--batch-size", type=int, required=True)
parser.add_argument("--lora", action="store_true")
args = parser.parse_args()
os.environ.update(HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false", TRL_EXPERIMENTAL_SILENCE="1")

import torch  # noqa: E402  (after the environment is set)
from datasets import Dataset  # noqa: E402
from peft import LoraConfig  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402
from trl import DPOConfig, DPOTrainer, SFTConfig, SFTTrainer  # noqa: E402

METHODS = {
    "sft": (SFTTrainer, SFTConfig, ("prompt", "completion")),
    "dpo": (DPOTrainer, DPOConfig, ("prompt", "chosen", "rejected")),
}
Trainer, Config, columns = METHODS[args.method]

with open(args.data, encoding="utf-8") as lines:
    rows = [{key: row[key] for key in columns} for row in map(json.loads, lines)]

lora = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules="all-linear", task_type="CAUSAL_LM")
trainer = Trainer(
    AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32),
    args=Config(
        output_dir=args.out,
        max_steps=args.steps,
        per_device_train_batch_size=args.batch_size,
        learning_rate=1e-5,
        max_length=1024,
        logging_steps=1,
        report_to="none",
        save_strategy="no",
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        seed=0,
        disable_tqdm=True,
    ),
    train_dataset=Dataset.from_list(rows),
    processing_class=AutoTokenizer.from_pretrained(args.model),
    peft_config=lora if args.lora else None,
)
trainer.train()
trainer.save_model(args.out)
