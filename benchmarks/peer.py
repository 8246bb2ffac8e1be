"""Runs Temper and TRL on the same rows, alternating, and prints the ratios of wall time and peak memory.

Whole processes are timed, start-up and imports included: that is what a user waits for. Seconds mean nothing on a shared
machine; the ratios of runs taken side by side do. Run it with nothing else running.

The data file holds JSON lines with "prompt" and "completion". Both sides train on its first batch-size x steps rows, in
float32, one batch a step, at equal settings; TRL's other settings are its defaults.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TEMPER = HERE.parent / "temper"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="Hugging Face model directory")
    parser.add_argument("--data", type=Path, required=True, help="JSON lines with prompt and completion")
    parser.add_argument("--task", choices=["sft-full", "sft-lora"], default="sft-lora")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2, help="runs of each side (default 2)")
    return parser.parse_args()


def temper(args, rows, out):
    command = [TEMPER, "sft", "--model", args.model.resolve(), "--data", rows, "--out", out, "--steps", args.steps]
    command += ["--batch-size", args.batch_size, "--learning-rate", "1e-5", "--max-length", 1024, "--seed", 0]
    if args.task == "sft-lora":
        command += ["--peft", "lora", "--lora-rank", 16, "--lora-alpha", 32, "--lora-dropout", 0]
    return command


def trl(args, rows, out):
    command = [sys.executable, HERE / "peer_trl.py", "--model", args.model.resolve(), "--data", rows, "--out", out]
    command += ["--steps", args.steps, "--batch-size", args.batch_size]
    return command + (["--lora"] if args.task == "sft-lora" else [])


def measure(command, folder):
    """Runs a command; returns its wall seconds and its peak resident memory in MiB."""
    log = folder / "log.txt"
    with open(log, "w") as output:
        begun = time.monotonic()
        process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nexited {process.returncode}:\n{log.read_text()}")
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return seconds, usage.ru_maxrss / unit


def main():
    args = arguments()
    subprocess.run([TEMPER, "--version"], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    lines = [line for line in args.data.read_text(encoding="utf-8").splitlines() if line.strip()]
    wanted = args.batch_size * args.steps
    if len(lines) < wanted:
        sys.exit(f"{args.data} has {len(lines)} rows; {args.steps} steps of {args.batch_size} need {wanted}")
    figures = {"temper": [], "trl": []}
    with tempfile.TemporaryDirectory() as scratch:
        rows = Path(scratch) / "rows.jsonl"
        rows.write_text("\n".join(lines[:wanted]) + "\n", encoding="utf-8")
        for number in range(args.rounds):
            for name, side in (("temper", temper), ("trl", trl)):
                folder = Path(scratch) / f"{name}-{number}"
                folder.mkdir()
                seconds, memory = measure(side(args, rows, folder / "out"), folder)
                figures[name].append((seconds, memory))
                print(f"{name:7} {seconds:8.1f} s {memory:8.0f} MiB", file=sys.stderr)
    wall = {name: statistics.median(s for s, _ in runs) for name, runs in figures.items()}
    memory = {name: statistics.median(m for _, m in runs) for name, runs in figures.items()}
    print(
        json.dumps(
            {
                "task": args.task,
                "steps": args.steps,
                "batch_size": args.batch_size,
                "wall_s": {name: round(value, 1) for name, value in wall.items()},
                "peak_mib": {name: round(value) for name, value in memory.items()},
                "speed_ratio": round(wall["trl"] / wall["temper"], 2),
                "memory_ratio": round(memory["temper"] / memory["trl"], 2),
            }
        )
    )


if __name__ == "__main__":
    main()
