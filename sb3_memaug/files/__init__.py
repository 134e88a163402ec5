"""Files that users wrote, read in one way and with one error, and files of ours, written completely or not at all."""

from sb3_memaug.files.reading import InputError, located, path_of, read_json, read_text, read_yaml
from sb3_memaug.files.writing import atomic_write, write_json, write_text, write_yaml

__all__ = [
    "InputError",
    "atomic_write",
    "located",
    "path_of",
    "read_json",
    "read_text",
    "read_yaml",
    "write_json",
    "write_text",
    "write_yaml",
]
