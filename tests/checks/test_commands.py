"""What an environment draws at reset, and whether it is mirrored."""

from sb3_memaug.symmetry import Term

from .skater import (
    OBSERVATION,
    REFLECTIONS,
    Extended,
    Weak,
    element,
    mirrored,
)


class Commanded(Extended):
    """Draws a command; mirrors it if it can, and knows no other option."""

    reflections = REFLECTIONS

    def __init__(self, options=("mirror",)):
        super().__init__(lambda env: env.command)
        self.options = options

    def reset(self, *, seed=None, options=None):
        if set(options or {}) - set(self.options):
            raise TypeError(f"unknown options {options}")
        self.command = 0.0
        super().reset(seed=seed)
        self.command = self.np_random.uniform(-1, 1) * (-1 if (options or {}).get("mirror") == "left_right" else 1)
        return self.observe(), {}


def commanded(**arguments):
    terms = (*OBSERVATION, Term("command", "pseudoscalar", 1))
    return mirrored(Commanded(**arguments), observation=terms, mirrors=["left_right"])


def test_a_command_is_mirrored_by_the_reset_option():
    assert element(commanded()).exact


def test_an_environment_may_know_no_reset_options():
    hint = "if it is drawn at reset, pass `mirror_command`"
    assert element(commanded(options=())).findings == (f"command[0]: sign; {hint}",)


def test_a_command_is_known_by_its_staying_as_it_is_also_where_robots_differ_a_little():
    env = Commanded(options=())
    env.robot = Weak(0.99)
    terms = (*OBSERVATION, Term("command", "pseudoscalar", 1))
    found = element(mirrored(env, observation=terms, mirrors=["left_right"])).findings
    assert found == ("command[0]: sign; if it is drawn at reset, pass `mirror_command`",)


def test_a_command_is_mirrored_by_a_function():
    elements = []

    def mirror_command(env, name):
        elements.append(name)
        env.unwrapped.command *= -1

    assert element(commanded(options=()), mirror_command=mirror_command).exact
    assert set(elements) == {"left_right"}
