"""Which files below conf/ are configurations of Hawser's: those in conf/ itself, and those named hawser.yaml in the folders
below it. The files of a conf.d folder are parts of the one beside it; all other YAML belongs to other programs."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[3]
CONF = ROOT / "conf"
SCHEMA = CONF / "hawser.schema.json"
PACKAGED = ROOT / "packaging/etc/hawser.yaml"


def yaml_files():
    return sorted(path for suffix in ("yaml", "yml") for path in CONF.rglob(f"*.{suffix}"))


def is_main_file(path):
    return path.parent == CONF or path.name == "hawser.yaml"


def is_part(path):
    return path.parent.name == "conf.d"


MAIN_FILES = [path for path in yaml_files() if is_main_file(path)]
PARTS = [path for path in yaml_files() if is_part(path)]
