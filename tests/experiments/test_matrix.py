import pytest

from sb3_memaug.experiments.matrix import Matrix, read_matrix
from sb3_memaug.experiments.run import Evaluation
from sb3_memaug.experiments.settings import check_policies, known_policies, zoo_settings
from sb3_memaug.files import InputError

pytest.importorskip("yaml")
FAILURE = "MemAug/MinitaurVelocityJointFailure-MuJoCo-v0"
PAYLOAD = "MemAug/MinitaurVelocityPayload-MuJoCo-v0"
SIX = ["memory-aug", "memory-id", "memory-rand", "baseline-aug", "baseline-id", "baseline-rand"]


def matrix_file(tmp_path, text):
    path = tmp_path / "mine.yml"
    path.write_text(text)
    return path


def test_the_papers_six_policies_are_known_and_differ_as_the_paper_says():
    known = known_policies()
    assert list(known)[:6] == SIX
    assert {name: known[name]["algo"] for name in SIX} == {
        **dict.fromkeys(SIX[:3], "memaug_ppo"),
        **dict.fromkeys(SIX[3:], "sym_ppo"),
    }
    assert [name for name in SIX if known[name].get("symmetry") is not False] == ["memory-aug", "baseline-aug"]
    assert [name for name in SIX if known[name].get("env_kwargs") == {"split": "all"}] == [
        "memory-rand",
        "baseline-rand",
    ]


def test_the_light_experiments_are_four_tasks_by_six_policies_by_two_seeds():
    runs = read_matrix("light").runs()
    assert len(runs) == len({run.name for run in runs}) == 4 * 6 * 2
    assert [run.training_seed for run in runs] == [0] * 24 + [1] * 24


def test_the_papers_matrix_has_240_runs():
    matrix = read_matrix("paper")
    assert len(matrix.envs) * len(matrix.policies) * len(matrix.seeds) == 8 * 6 * 5
    assert len({run.name for run in matrix.runs()}) == 240


def test_a_run_has_the_settings_of_the_zoo_but_for_what_the_matrix_and_the_policy_say(tmp_path):
    path = matrix_file(
        tmp_path,
        f"""
        envs: [{FAILURE}]
        policies:
          memory-rand:
          mine: {{algo: memaug_ppo, gamma: 0.5, env_kwargs: {{split: ood}}}}
        seeds: [7]
        n_timesteps: 5000
        settings: {{n_envs: 2, gamma: 0.9, env_kwargs: {{probability: 0.5}}}}
        evaluation: {{n_episodes: 4, videos: 0}}
        """,
    )
    rand, mine = read_matrix(path).runs()
    zoo = zoo_settings("memaug_ppo", FAILURE)
    assert (rand.env, rand.policy, rand.training_seed, rand.algo, rand.n_timesteps) == (
        *(FAILURE, "memory-rand", 7),
        *("memaug_ppo", 5000),
    )
    assert rand.name == "MinitaurVelocityJointFailure-MuJoCo-v0/memory-rand/seed_7"
    assert rand.hyperparameters == {
        **{name: value for name, value in zoo.items() if name != "n_timesteps"},
        **{"n_envs": 2, "gamma": 0.9, "symmetry": False, "mirror_loss_coef": 0.0},
        "env_kwargs": {"probability": 0.5, "split": "all"},
    }
    assert (mine.hyperparameters["gamma"], mine.hyperparameters["env_kwargs"]["split"]) == (0.5, "ood")
    assert rand.evaluation_kwargs == mine.evaluation_kwargs == {"probability": 0.5}
    assert rand.evaluation == Evaluation(n_episodes=4, videos=0)
    assert not rand.film


def test_the_zoo_tells_how_long_to_train_where_the_matrix_does_not():
    matrix = Matrix([FAILURE], check_policies(["memory-aug"]), [0])
    assert matrix.runs()[0].n_timesteps == int(zoo_settings("memaug_ppo", FAILURE)["n_timesteps"])


def test_settings_may_come_from_files_of_the_users(tmp_path):
    conf = matrix_file(tmp_path, "default: {n_timesteps: 1e4, policy: MlpPolicy, gamma: 0.1}")
    matrix = Matrix(["CartPole-v1"], check_policies(["baseline-aug"]), [0], conf_files={"sym_ppo": str(conf)})
    (run,) = matrix.runs()
    assert run.hyperparameters == {"policy": "MlpPolicy", "gamma": 0.1}
    assert run.n_timesteps == 10_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 2]", "must hold `envs`"),
        ("envs: [a]", r"lacks \['policies', 'seeds'\]"),
        ("{envs: [a], policies: [memory-aug], seeds: [0], steps: 3}", r"names \['steps'\]; there are envs, policies"),
        ("{envs: [a], policies: [memory-aug], seeds: [0], evaluation: {episodes: 3}}", r"names \['episodes'\]"),
        ("{envs: [a], policies: [memory-aug], seeds: 3}", "`seeds`.*must be a list"),
        ("{envs: [], policies: [memory-aug], seeds: [3]}", "`envs`.*must be a list, not empty"),
        ("{envs: [a], policies: [memory-aug], seeds: [3, 3]}", "without repetition"),
        ("{envs: [a], policies: [memory-ag], seeds: [3]}", "no policy 'memory-ag'; did you mean memory-aug"),
        ("{envs: [a], policies: {x: {algo: sac}}, seeds: [3]}", "must say `algo`, one of memaug_ppo.*got 'sac'"),
        ("envs: [a", "is no YAML"),
    ],
)
def test_mistakes_are_named(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_matrix(matrix_file(tmp_path, text))


def test_an_experiment_that_is_not_there_names_those_that_are():
    with pytest.raises(ValueError, match=r"'lihgt'.*light, memory, paper"):
        read_matrix("lihgt")


@pytest.mark.parametrize("name", [3, None, "a" * 400, "a" * 400 + ".yml", "a\0b.yml", ""])
def test_what_is_no_name_of_an_experiment_is_refused(name):
    with pytest.raises(InputError, match="experiment"):
        read_matrix(name)


def test_an_environment_without_settings_says_where_to_write_them():
    with pytest.raises(ValueError, match=r"no settings for CartPole-v1.*conf_files"):
        Matrix(["CartPole-v1"], check_policies(["baseline-id"]), [0]).runs()


def mine(policies="[memory-aug]", envs=f"[{FAILURE}]", seeds="[0]", rest=""):
    return f"{{envs: {envs}, policies: {policies}, seeds: {seeds}{rest}}}"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        *((mine(seeds=f"[{seed}]"), "seeds.0") for seed in ("-1", "0.5", "one", "true", str(2**32), "null", "'0'")),
        *(
            (mine(envs=f"[{env}]"), "envs.0")
            for env in ('"../../../x"', "a/b/c", '""', '"a\\nb"', '"a\\0b"', "..", ".", "3", '"a b"', "/etc", "a" * 99)
        ),
        *(
            (mine(policies=f"{{{name}: {{algo: ppo}}}}"), "policies")
            for name in (
                *(
                    '"../../../x"',
                    "a/b",
                    '""',
                    '"a\\nb"',
                    '"a\\0b"',
                    "..",
                    ".",
                    ".a",
                    '" a"',
                    "3",
                    "a" * 99,
                    '"a\\\\b"',
                ),
                *('"a:b"', "true", "null"),
            )
        ),
        (mine(policies="{mine: {algo: ppo}, Mine: {algo: ppo}}"), "policies.Mine"),
        (mine(policies="{mine: 3}"), "policies.mine"),
        (mine(policies="{mine: {algo: [ppo]}}"), "policies.mine.algo"),
        (mine(policies="{mine: {algo: ppo, env_kwargs: 3}}"), "policies.mine.env_kwargs"),
        (mine(policies="{mine: {algo: ppo, policy_kwargs: 'dict(a=print())'}}"), "policies.mine.policy_kwargs"),
        (mine(rest=", settings: {policy_kwargs: '__import__(\"os\")'}"), "settings.policy_kwargs"),
        (mine(rest=", settings: {normalize: 'open(1)'}"), "settings.normalize"),
        (mine(rest=", n_timesteps: 0"), "n_timesteps"),
        (mine(rest=f", n_timesteps: 1{'0' * 400}"), "n_timesteps"),
        (mine(rest=", n_timesteps: .inf"), "n_timesteps"),
        (mine(rest=", steps_per_second: 0"), "steps_per_second"),
        (mine(rest=", evaluation: {n_episodes: 1.5}"), "evaluation.n_episodes"),
        (mine(rest=", evaluation: 3"), "evaluation"),
        (mine(rest=", conf_files: {sac: a.yml}"), "conf_files.sac"),
        (mine(rest=", conf_files: {ppo: 3}"), "conf_files.ppo"),
    ],
)
def test_what_cannot_be_is_refused_with_file_and_place(tmp_path, text, place):
    with pytest.raises(InputError) as error:
        read_matrix(matrix_file(tmp_path, text))
    assert error.value.source == str(tmp_path / "mine.yml")
    assert error.value.place.startswith(place)


def test_what_is_evaluated_in_a_file_of_settings_is_refused_there(tmp_path):
    (tmp_path / "ours.yml").write_text("default: {n_timesteps: 10, policy_kwargs: 'dict(a=exec(1))'}")
    path = matrix_file(tmp_path, mine(rest=f", conf_files: {{memaug_ppo: {tmp_path / 'ours.yml'}}}"))
    with pytest.raises(InputError, match=r"ours\.yml, default\.policy_kwargs: expected literals.*exec\(1\)"):
        read_matrix(path).runs()


def names(*envs):
    settings = {"n_timesteps": 10}
    policies = check_policies({"mine": {"algo": "ppo", **settings}})
    matrix = Matrix(list(envs), policies, [0])
    return [run.name.split("/")[0] for run in matrix.runs()]


def test_environments_that_would_share_a_folder_have_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr("sb3_memaug.experiments.matrix.zoo_settings", lambda *_: {})
    assert names("MemAug/X-v0") == names("X-v0") == ["X-v0"]
    plain, ours = names("X-v0", "MemAug/X-v0")
    assert ours == "X-v0"
    assert plain.startswith("X-v0_")
    assert names("MemAug/X-v0", "X-v0") == [ours, plain]
    assert names("pkg:MemAug/X-v0", "MemAug/X-v0") == ["pkg_MemAug_X-v0", "X-v0"]
    lower, upper = names("MemAug/x-v0", "MemAug/X-v0")
    assert lower.lower() != upper.lower()
    assert len(set(names("a/b-v0", "a:b-v0", "a_b-v0"))) == 3


def test_whole_numbers_may_be_written_with_a_point(tmp_path):
    (run,) = read_matrix(matrix_file(tmp_path, mine(rest=", n_timesteps: 5000.0"))).runs()
    assert (run.n_timesteps, type(run.n_timesteps)) == (5000, int)
