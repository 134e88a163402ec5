"""What is wrong with a command line, or with a file that it names, ends in one line and the exit status 2."""

from __future__ import annotations

import json

import pytest

from sb3_memaug.cli import main

pytest.importorskip("mujoco")
pytest.importorskip("yaml")
pytest.importorskip("rl_zoo3")

ENV = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"
FILES = {
    "text.zip": "text",
    "latin.yml": "envs: [ä]".encode("latin-1"),
    "escape.yml": f"{{envs: [{ENV}], policies: {{'../../x': {{algo: ppo}}}}, seeds: [0]}}",
    "seed.yml": f"{{envs: [{ENV}], policies: [memory-aug], seeds: [-1]}}",
    "eval.yml": f"{{envs: [{ENV}], policies: {{a: {{algo: ppo, policy_kwargs: 'exit(3)'}}}}, seeds: [0]}}",
    "mirrors.json": json.dumps({"reflections": {"m": {"plane": "frontal"}}}),
    "half.json": "{",
    "runs/episodes.csv": "env,policy,training_seed\nE,a,one\n",
    "cut/episodes.parquet": "PAR1",
    "settings/episodes.csv": "env,policy,training_seed\nE,a,0\n",
    "settings/run.yml": "3",
}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("experiment latin.yml --dry-run", "latin.yml, byte 7: expected text in UTF-8"),
        ("experiment escape.yml --dry-run", "escape.yml, policies.../../x: expected a name"),
        ("experiment escape.yml", "escape.yml, policies.../../x: expected a name"),
        ("experiment seed.yml --dry-run", "seed.yml, seeds.0: expected greater than or equal to 0, got -1"),
        ("experiment eval.yml --dry-run", "eval.yml, policies.a.policy_kwargs: expected literals"),
        ("experiment nothing.yml --dry-run", "there is no experiment 'nothing.yml'"),
        ("experiment seed.yml --cpus-per-run -1", "expected a number that is not negative"),
        ("report runs", "episodes.csv, column training_seed, row 1: expected whole numbers, got 'one'"),
        ("report cut", "episodes.parquet: expected a table in PARQUET"),
        ("report settings", "run.yml: expected the settings of a run"),
        ("evaluate text.zip --env Pendulum-v1", "text.zip: expected a model that memaug_ppo has saved"),
        ("evaluate text.zip --env Pendulum-v1 --episodes 0", "expected a whole number above zero, got '0'"),
        ("evaluate text.zip --env Pendulum-v1 --seed -1", "expected a whole number from 0 to"),
        (f"evaluate {'x' * 400} --env Pendulum-v1", "File name too long"),
        ("play Ant-v5 --video a.gif --model text.zip", "text.zip: expected a model that memaug_ppo has saved"),
        ("play Pendulum-v1 --video a.gif --seed 1e3", "expected a whole number from 0 to"),
        ("play Pendulum-v1 --video a.gif --payload nan,0,0", "expected the numbers mass,x,y, got 'nan,0,0'"),
        ("mirror check Ant-v5 --file mirrors.json", "mirrors.json, reflections.m: `plane` must be one of"),
        ("mirror check Ant-v5 --file half.json", "half.json, line 1, column 2: half.json is no JSON file"),
        ("mirror check Ant-v5 --file nothing.json", "nothing.json"),
        ("mirror check Ant-v5 --tolerance nan", "expected a finite number, got 'nan'"),
        ("mirror derive Ant-v5 --pose hip_1=nan", "expected JOINT=ANGLE with a number, got 'hip_1=nan'"),
        ("mirror derive Ant-v5 --tolerance mass=nan", "tolerance `mass` must be positive, got nan"),
        ("mirror derive Ant-v5 -o half.json/a.json", "half.json"),
        ("train --env Pendulum-v1 --algo ppo -params gamma:exit(3)", "expected key:value with a Python value"),
        ("train --env Pendulum-v1 --algo ppo --env-kwargs g:2**20", "expected key:value with a Python value"),
        ("enjoy --env Pendulum-v1 --algo ppo --env-kwargs g:exit(3)", "expected key:value with a Python value"),
    ],
)
def test_mistakes_end_in_a_line_and_2(tmp_path, monkeypatch, capsys, command, message):
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SystemExit) as exit_:
        main(command.split())
    assert exit_.value.code == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert "Traceback" not in errors
    assert sorted(tmp_path.rglob("*")) == before
