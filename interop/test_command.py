"""The command keeps its promises to a shell: exit statuses, and one clear line for a mistake."""


def test_help_succeeds_and_names_the_commands(temper):
    assert "sft" in temper("--help").stdout


def test_an_unknown_command_is_a_usage_error_without_a_stack_trace(temper):
    done = temper("no-such-command", status=2)

    assert "no-such-command" in done.stderr
    assert "\tat " not in done.stderr


def test_a_missing_model_fails_with_its_name_and_without_a_stack_trace(temper, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"prompt": "a", "completion": "b"}\n')

    done = temper("score", "--model", "no such model", "--data", "rows.jsonl", "--out", "scored.jsonl", status=1)

    assert "no such model" in done.stderr
    assert "\tat " not in done.stderr
    assert not (tmp_path / "scored.jsonl").exists()
