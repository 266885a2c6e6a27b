"""What the tests of packages share with the black-box tests: waiting."""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
