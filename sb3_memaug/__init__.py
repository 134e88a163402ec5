from sb3_memaug._version import __version__
