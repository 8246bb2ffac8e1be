"""Runs Temper and its peers in Python on the same rows, alternating, and prints the ratios.

sft-full, sft-lora, dpo-full, dpo-lora: TRL; wall time and peak memory of the whole process. generate-1, generate-8: transformers; tokens a second
of the best of --repeats greedy runs of 64 tokens inside one process (start-up is left out, it would hide the rest), with
Temper's weights in float32, float16 and int8. load: seconds to load the model and its tokenizer in a process that has started.

Training is timed as a whole process, start-up and imports included: that is what a user waits for. Seconds mean nothing on a
shared machine; the ratios of runs taken side by side do. Run it with nothing else running.

The data file holds JSON lines with "prompt" and "completion"; with "prompt", "chosen" and "rejected" for dpo. Both sides train on its first batch-size x steps rows, in
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
    parser.add_argument("--data", type=Path, help="JSON lines with prompt and completion; not for load")
    parser.add_argument("--task", choices=["sft-full", "sft-lora", "dpo-full", "dpo-lora", "generate-1", "generate-8", "load"], default="sft-lora")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=2, help="runs of each side (default 2)")
    parser.add_argument("--processor", action="store_true", help="generate: processor time on one thread, for a busy machine")
    parser.add_argument("--repeats", type=int, default=4, help="generate: runs inside each process (default 4)")
    args = parser.parse_args()
    if args.data is None and args.task != "load":
        parser.error(f"--data is needed for {args.task}")
    return args


def temper(args, rows, out):
    command = [TEMPER, args.task.split("-")[0], "--model", args.model.resolve(), "--data", rows, "--out", out, "--steps", args.steps]
    command += ["--batch-size", args.batch_size, "--learning-rate", "1e-5", "--max-length", 1024, "--seed", 0]
    if args.task.endswith("-lora"):
        command += ["--peft", "lora", "--lora-rank", 16, "--lora-alpha", 32, "--lora-dropout", 0]
    return command


def trl(args, rows, out):
    command = [sys.executable, HERE / "peer_trl.py", "--method", args.task.split("-")[0], "--model", args.model.resolve()]
    command += ["--data", rows, "--out", out]
    command += ["--steps", args.steps, "--batch-size", args.batch_size]
    return command + (["--lora"] if args.task.endswith("-lora") else [])


def benchmark(args, name, *more):
    """A program of this module, with the options of the launcher that matter for speed."""
    folders = [HERE / "target" / "classes", *(HERE.parent / m / "target" / "classes" for m in ("core", "sft", "efficiency"))]
    path = os.pathsep.join(map(str, folders)) + os.pathsep + str(HERE.parent / "cli" / "target" / "lib" / "*")
    command = ["java", "-XX:+UseSerialGC", "-cp", path, f"dev.temper.benchmarks.{name}", args.model.resolve()]
    return command + list(more)


def inside(args):
    """Sides of a benchmark that times itself and prints one JSON line; higher figures are better."""
    if args.task == "load":
        peer = [sys.executable, HERE / "peer_generate.py", "--model", args.model.resolve()]
        speed = lambda line: 1 / line["load_s"]  # noqa: E731
        return {"temper": (benchmark(args, "LoadBenchmark"), speed), "transformers": (peer, speed)}
    batch = int(args.task.split("-")[1])
    peer = [sys.executable, HERE / "peer_generate.py", "--model", args.model.resolve(), "--data", args.data.resolve()]
    peer += ["--batch-size", batch, "--repeats", args.repeats]
    figure = "tokens_per_cpu_s" if args.processor else "tokens_per_s"
    sides = {"transformers": (peer, lambda line: line[figure])}
    for weights in ("FLOAT32", "FLOAT16", "INT8"):
        command = benchmark(args, "GenerateBenchmark", args.data.resolve(), batch, weights, args.repeats)
        sides[f"temper {weights.lower()}"] = (command, lambda line: line[figure])
    return sides


def compare_inside(args):
    subprocess.run(
        ["mvn", "-B", "-q", "-DskipTests", "-Djacoco.skip=true", "-pl", "benchmarks,cli", "-am", "package"],
        check=True,
        cwd=HERE.parent,
        stdin=subprocess.DEVNULL,
    )
    environment = {"GOMP_SPINCOUNT": "10000", "DJL_OFFLINE": "true", **os.environ}
    if args.processor:
        environment["OMP_NUM_THREADS"] = "1"
    best, ids = {}, {}
    for _ in range(args.rounds):
        for name, (command, speed) in inside(args).items():
            run = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, env=environment)
            line = json.loads(run.stdout.strip().splitlines()[-1])
            best[name] = max(best.get(name, 0), speed(line))
            ids[name] = line.get("ids")
            print(f"{name:16} {speed(line):8.2f}", file=sys.stderr)
    peer = best["transformers"]
    figures = {"task": args.task, "ratio": {name: round(value / peer, 2) for name, value in best.items()}}
    if args.task == "load":
        figures["load_s"] = {name: round(1 / value, 3) for name, value in best.items()}
    else:
        figures["tokens_per_cpu_s" if args.processor else "tokens_per_s"] = {name: round(value, 1) for name, value in best.items()}
        figures["same_tokens"] = {name: made == ids["transformers"] for name, made in ids.items()}
    print(json.dumps(figures))


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
    if not args.task.startswith(("sft", "dpo")):
        compare_inside(args)
        return
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
