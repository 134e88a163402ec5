"""A robot in a file: a trunk with an arm to each side, whose axes rise forwards and so have no mirror image behind."""

from __future__ import annotations

ARM = """
<link name="{side}_arm">
  <inertial><origin xyz="0 {y} 0"/><mass value="{mass}"/>
    <inertia ixx="0.01" iyy="0.002" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial>
</link>
<joint name="{side}_joint" type="revolute">
  <origin xyz="0 {y} 0"/><axis xyz="1 0 0.5"/><parent link="trunk"/><child link="{side}_arm"/>
  <limit lower="{low}" upper="{high}" effort="1" velocity="1"/>
</joint>
"""


def two_arms(left_mass=1.0):
    """As URDF."""
    arms = ARM.format(side="left", y=0.2, mass=left_mass, low=-1, high=2)
    arms += ARM.format(side="right", y=-0.2, mass=1.0, low=-2, high=1)
    return f"""
<robot name="two arms">
<link name="trunk">
  <inertial><origin xyz="0.05 0 0"/><mass value="3"/>
    <inertia ixx="0.01" iyy="0.02" izz="0.03" ixy="0" ixz="0" iyz="0"/></inertial>
  <collision><origin xyz="0.05 0 0"/><geometry><box size="0.3 0.2 0.1"/></geometry></collision>
</link>
{arms}
</robot>
"""
