"""The minitaur in PyBullet and in MuJoCo."""
