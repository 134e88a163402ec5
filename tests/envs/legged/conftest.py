import pytest

from .robots import quadruped_urdf, two_legs_mjcf


@pytest.fixture
def dog(tmp_path):
    """Writes the quadruped."""

    def write(**arguments):
        path = tmp_path / "dog.urdf"
        path.write_text(quadruped_urdf(**arguments))
        return path

    return write


@pytest.fixture
def two_legs(tmp_path):
    """Writes the two legs."""

    def write(**arguments):
        path = tmp_path / "legs.xml"
        path.write_text(two_legs_mjcf(**arguments))
        return path

    return write
