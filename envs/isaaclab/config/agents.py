"""Agents for Isaac Lab's own command: recurrent PPO of rsl_rl, as in the tables of arXiv 2502.01521, Section A.2.1."""

from isaaclab.utils import configclass
from isaaclab_rl.rsl_rl import RslRlOnPolicyRunnerCfg, RslRlPpoAlgorithmCfg, RslRlRNNModelCfg


def networks(hidden_dims: list[int], memory: int, noise: float) -> dict[str, RslRlRNNModelCfg]:
    """Configure actor and critic.

    Args:
        hidden_dims: Widths of the layers behind the memory.
        memory: Width of the LSTM.
        noise: Initial standard deviation of the actions.

    Returns:
        The networks by what they are.
    """
    shape = {
        "hidden_dims": hidden_dims,
        "activation": "elu",
        "obs_normalization": False,
        "rnn_type": "lstm",
        "rnn_hidden_dim": memory,
        "rnn_num_layers": 1,
    }
    noisy = RslRlRNNModelCfg.GaussianDistributionCfg(init_std=noise)
    return {"actor": RslRlRNNModelCfg(**shape, distribution_cfg=noisy), "critic": RslRlRNNModelCfg(**shape)}


@configclass
class AnymalDVelocityAgentCfg(RslRlOnPolicyRunnerCfg):
    """Configuration for ANYmal D, velocity tracking."""

    num_steps_per_env = 24
    max_iterations = 1000
    save_interval = 50
    experiment_name = "memaug_anymal_d_velocity"
    obs_groups = {"actor": ["policy"], "critic": ["policy"]}
    algorithm = RslRlPpoAlgorithmCfg(
        value_loss_coef=1.0,
        use_clipped_value_loss=True,
        clip_param=0.2,
        entropy_coef=0.005,
        num_learning_epochs=5,
        num_mini_batches=4,
        learning_rate=1.0e-3,
        schedule="adaptive",
        gamma=0.99,
        lam=0.95,
        desired_kl=0.01,
        max_grad_norm=1.0,
    )

    def __post_init__(self):
        self.use(networks([128, 128, 128], memory=256, noise=1.0))

    def use(self, models: dict[str, RslRlRNNModelCfg]):
        """Set the networks.

        Args:
            models: By what they are.
        """
        self.actor, self.critic = models["actor"], models["critic"]


@configclass
class AnymalDPositionAgentCfg(AnymalDVelocityAgentCfg):
    """Configuration for ANYmal D, position tracking."""

    num_steps_per_env = 48
    experiment_name = "memaug_anymal_d_position"

    def __post_init__(self):
        self.use(networks([128, 128, 128], memory=256, noise=0.5))


@configclass
class G1VelocityAgentCfg(AnymalDVelocityAgentCfg):
    """Configuration for G1, velocity tracking."""

    experiment_name = "memaug_g1_velocity"

    def __post_init__(self):
        self.use(networks([256, 128, 128], memory=512, noise=1.0))
        self.algorithm.entropy_coef = 0.008


@configclass
class G1PositionAgentCfg(AnymalDVelocityAgentCfg):
    """Configuration for G1, position tracking."""

    num_steps_per_env = 48
    experiment_name = "memaug_g1_position"

    def __post_init__(self):
        self.use(networks([256, 128, 128], memory=256, noise=0.5))
        self.algorithm.entropy_coef = 0.003
