"""Masses and inertias of the minitaur, the same in every simulator: what Bullet computes from the URDF's shapes."""

from __future__ import annotations

#: kg and kg·m² (x, y, z), of the base with its two chassis plates.
BASE_MASS, BASE_INERTIA = 3.2, (0.0261, 0.0313, 0.0524)
#: kg and kg·m², of each chassis plate; m, of its distance from the base's centre.
PLATE_MASS, PLATE_INERTIA, PLATE_Y = 0.1, (7.07e-5, 9.894e-4, 1.0307e-3), 0.1
#: kg and kg·m², of a motor that turns about y.
MOTOR_MASS, MOTOR_INERTIA = 0.25, (2.007e-4, 3.588e-4, 2.007e-4)
#: kg, of an upper or a lower link, and kg·m², of each when it points along z.
LINK_MASS = 0.05
UPPER_INERTIA = (5.08e-5, 5.08e-5, 8.0e-7)
LOWER_INERTIA = (1.706e-4, 1.706e-4, 1.2e-6)
#: kg·m² and N·m·s/rad, of the rotor or bearing of every joint. At a time step of 4 ms the inertia is also what lets
#: Bullet's solver close the light linkages within its iterations.
ROTOR_INERTIA, JOINT_DAMPING = 0.0005, 0.001
