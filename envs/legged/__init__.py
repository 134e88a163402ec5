"""Any legged robot of the user's, from its MJCF or URDF file, as an environment in MuJoCo."""
