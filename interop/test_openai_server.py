"""`temper generate --base-url` against the real server of llama-cpp-python.

The server is compiled from source for ten minutes, so this runs only where somebody has done that:
    TEMPER_LLAMA_SERVER_PYTHON   a Python that has llama-cpp-python[server]
    TEMPER_LLAMA_GGUF            the GGUF file to serve, such as SmolLM2-135M-Instruct
"""

import json
import os
import socket
import subprocess
import time
import urllib.request

import pytest

PYTHON = os.environ.get("TEMPER_LLAMA_SERVER_PYTHON")
GGUF = os.environ.get("TEMPER_LLAMA_GGUF")

pytestmark = pytest.mark.skipif(
    not (PYTHON and GGUF), reason="set TEMPER_LLAMA_SERVER_PYTHON and TEMPER_LLAMA_GGUF to run against a real server"
)


@pytest.fixture(scope="module")
def server():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [PYTHON, "-m", "llama_cpp.server", "--model", GGUF, "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen([*command, "--api_key", "secret-of-the-test", "--logits_all", "true"])
    url = f"http://127.0.0.1:{port}/v1"
    try:
        for _ in range(120):
            try:
                urllib.request.urlopen(urllib.request.Request(url + "/models", headers={"Authorization": "Bearer secret-of-the-test"}))
                break
            except OSError:
                assert process.poll() is None, "the server ended"
                time.sleep(1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("TEMPER_TEST_KEY", "secret-of-the-test")
    return ["--key-from", "TEMPER_TEST_KEY"]


def test_a_chat_is_answered_and_streamed(temper, server, key):
    done = temper(
        "generate", "--model", "model", "--base-url", server, *key, "--chat", "Say hello.", "--temperature", "0", "--max-new-tokens", "16"
    )
    assert done.stdout.strip()
    assert "secret-of-the-test" not in done.stdout + done.stderr


def test_rows_are_answered_in_their_order_and_greedily_the_same_twice(temper, server, key, tmp_path):
    rows = [{"prompt": [{"role": "user", "content": f"What is {i} plus {i}?"}], "id": i} for i in range(4)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    outputs = []
    for name in ("a.jsonl", "b.jsonl"):
        temper(
            "generate", "--model", "model", "--base-url", server, *key, "--data", "in.jsonl", "--out", name, "--temperature", "0", "--max-new-tokens", "12"
        )
        outputs.append([json.loads(line) for line in (tmp_path / name).read_text().splitlines()])
    assert [r["id"] for r in outputs[0]] == [0, 1, 2, 3]
    assert all(r["completion"] for r in outputs[0])
    assert outputs[0] == outputs[1]


def test_a_wrong_key_is_one_clear_error(temper, server, monkeypatch):
    monkeypatch.setenv("TEMPER_WRONG_KEY", "wrong-key-of-the-test")
    done = temper(
        "generate", "--model", "model", "--base-url", server, "--key-from", "TEMPER_WRONG_KEY", "--chat", "Hi", "--max-new-tokens", "4", status=1
    )
    assert "401" in done.stderr
    assert "wrong-key-of-the-test" not in done.stdout + done.stderr
    assert "\tat " not in done.stderr
