#!/usr/bin/python3
"""Runs the steps of a test run in the order given and counts what passed: suite.py STEP…

A step that cannot even start (a build that fails, a program that crashes) counts as one failure, and the steps after it
still run. When a step counted anything, the last line printed is 'N passed, M failed'; the exit status is 0 only
when nothing failed. The steps are the keys of STEPS below.
"""

import argparse
import concurrent.futures
import functools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "results"
PYTHON = "/usr/bin/python3"
UNIT_TIMEOUT = 900
BLACKBOX_TIMEOUT = 2400

SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "second_deadlock_stack=1",
}


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def jobs():
    return os.environ.get("JOBS") or str(os.cpu_count() or 1)


def environment(**more):
    return {**SANITIZER_OPTIONS, **os.environ, **more}


def one_check(command, **options):
    """A command that is a single check: passed when it exits with 0."""
    done = subprocess.run(command, cwd=ROOT, check=False, **options)
    return Outcome(passed=1) if done.returncode == 0 else Outcome(failed=1)


def build(preset, arguments):
    """Configures and builds; success counts as nothing, failure as one failed test."""
    targets = ["--target", "hawser"] if preset == "release" and "unit-release" not in arguments.steps else []
    for command in (["cmake", "--preset", preset], ["cmake", "--build", "--preset", preset, "-j", jobs(), *targets]):
        if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
            print(f"building '{preset}' failed")
            return Outcome(failed=1)
    return Outcome()


def count_catch2(output, status):
    """The test cases of a Catch2 program from its summary line; a program that prints none has failed."""
    if found := re.search(r"All tests passed \(\d+ assertions? in (\d+) test cases?\)", output):
        outcome = Outcome(passed=int(found.group(1)))
    elif found := re.search(r"^test cases:(.*)$", output, re.MULTILINE):
        numbers = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped)\b(?! as expected)", found.group(1))}
        outcome = Outcome(numbers.get("passed", 0), numbers.get("failed", 0), numbers.get("skipped", 0))
    else:
        outcome = Outcome(failed=1)
    if status != 0 and outcome.failed == 0:
        outcome.failed = 1
    return outcome


def run_unit_program(test, prefix):
    properties = {entry["name"]: entry["value"] for entry in test.get("properties", [])}
    begun = time.monotonic()
    if "command" not in test:
        return Outcome(failed=1), f"{test['name']} was not built\n", 0
    try:
        done = subprocess.run(
            prefix + test["command"], cwd=properties.get("WORKING_DIRECTORY", ROOT), env=environment(), check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=UNIT_TIMEOUT)
        output, status = done.stdout.decode(errors="replace"), done.returncode
    except subprocess.TimeoutExpired as expired:
        output, status = (expired.stdout or b"").decode(errors="replace") + "\nran out of time\n", 1
    except OSError as error:
        output, status = f"cannot run {test['name']}: {error}\n", 1
    return count_catch2(output, status), output, time.monotonic() - begun


def without_address_randomisation():
    """GCC's ThreadSanitizer refuses the widest randomisation that newer kernels use."""
    prefix = ["setarch", "-R"]
    if not shutil.which(prefix[0]):
        return []
    tried = subprocess.run([*prefix, "true"], check=False, capture_output=True)
    return prefix if tried.returncode == 0 else []


def unit(preset, _arguments):
    listing = subprocess.run(["ctest", "--test-dir", f"build/{preset}", "--show-only=json-v1"], cwd=ROOT, check=False,
                             stdout=subprocess.PIPE)
    tests = json.loads(listing.stdout or b"{}").get("tests", []) if listing.returncode == 0 else []
    if not tests:
        print(f"no unit tests were built for '{preset}'")
        return Outcome(failed=1)
    prefix = without_address_randomisation() if preset == "tsan" else []
    total = Outcome()
    with concurrent.futures.ThreadPoolExecutor(max_workers=int(jobs())) as pool:
        for test, result in zip(tests, pool.map(functools.partial(run_unit_program, prefix=prefix), tests)):
            outcome, output, seconds = result
            print(f"  {test['name']:<20} {outcome.passed:>4} passed, {outcome.failed} failed  ({seconds:.1f} s)", flush=True)
            if outcome.failed:
                print(output, flush=True)
            total.add(outcome)
    return total


def count_junit(report, status):
    """The tests of a pytest run from its JUnit report."""
    outcome = Outcome()
    try:
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            number = {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}
            outcome.failed += number["failures"] + number["errors"]
            outcome.skipped += number["skipped"]
            outcome.passed += max(0, number["tests"] - number["failures"] - number["errors"] - number["skipped"])
    except (OSError, ElementTree.ParseError) as error:
        print(f"no report of the tests: {error}")
        return Outcome(failed=1)
    if status != 0 and outcome.failed == 0:
        outcome.failed = 1
    return outcome


def run_pytest(name, folder, arguments, timeout, **more):
    report = RESULTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    command = [PYTHON, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider", f"--junitxml={report}", *arguments, folder]
    # A group of its own, so that what hangs is ended together with the programs it started.
    process = subprocess.Popen(command, cwd=ROOT, env=environment(**more), start_new_session=True)
    try:
        status = process.wait(timeout)
    except subprocess.TimeoutExpired:
        print(f"{name}: ran out of time after {timeout} s")
        status = 1
    except KeyboardInterrupt:
        status = 130
    if status in (1, 130) and process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if status == 130:
        sys.exit(status)
    return count_junit(report, status)


def blackbox(preset, _arguments, marks="not soak", timeout=BLACKBOX_TIMEOUT):
    binary = ROOT / "build" / preset / "hawser"
    if not binary.exists():
        print(f"{binary.relative_to(ROOT)} is not there")
        return Outcome(failed=1)
    name = f"{'soak' if marks == 'soak' else 'blackbox'}-{preset}"
    return run_pytest(name, "tests/integration", ["-m", marks], timeout, HAWSER_BIN=str(binary), HAWSER_BUILD=preset)


def layout(_arguments):
    outcome = run_pytest("layout", "tests/layout", [], 120)
    outcome.add(one_check([PYTHON, "tests/layout/check_layout.py"]))
    return outcome


def format_check(_arguments):
    sources = [str(path) for folder in ("src", "modules", "tests") for path in sorted((ROOT / folder).rglob("*"))
               if path.suffix in (".h", ".cc") and "node_modules" not in path.parts]
    done = subprocess.run(["clang-format-19", "--dry-run", "--Werror", *sources], cwd=ROOT, check=False,
                          stderr=subprocess.PIPE, text=True)
    for name in sorted(set(re.findall(r"^(.*?):\d+:\d+: error:", done.stderr, re.MULTILINE))):
        print(f"  {pathlib.Path(name).relative_to(ROOT)}: not in the one format; 'make format' rewrites it")
    return Outcome(passed=1) if done.returncode == 0 else Outcome(failed=1)


def fuzz(arguments):
    """Each fuzz target for a while, from its seeds; what it learns stays in build/fuzz/corpus."""
    targets = [path for path in sorted((ROOT / "build/fuzz/tests/fuzz").glob("*")) if path.is_file() and os.access(path, os.X_OK)]
    total = Outcome() if targets else Outcome(failed=1)
    for target in targets:
        corpus = ROOT / "build/fuzz/corpus" / target.name
        corpus.mkdir(parents=True, exist_ok=True)
        seeds = [path for path in (ROOT / "tests/fuzz/corpus").glob("*") if target.name.startswith(path.name)]
        print(f"{target.name}: {arguments.seconds} s", flush=True)
        total.add(one_check([str(target), f"-max_total_time={arguments.seconds}", "-print_final_stats=1",
                             f"-artifact_prefix={corpus}-", str(corpus), *map(str, seeds)], env=environment()))
    return total


STEPS = {
    "format": format_check,
    "layout": layout,
    "build-release": functools.partial(build, "release"),
    "build-asan": functools.partial(build, "asan"),
    "build-tsan": functools.partial(build, "tsan"),
    "unit-release": functools.partial(unit, "release"),
    "unit-asan": functools.partial(unit, "asan"),
    "unit-tsan": functools.partial(unit, "tsan"),
    "blackbox-release": functools.partial(blackbox, "release"),
    "blackbox-asan": functools.partial(blackbox, "asan", marks="not soak and not heavy and not figures and not installed"),
    "soak": functools.partial(blackbox, "release", marks="soak", timeout=2 * 60 * 60),
    "fuzz": fuzz,
}


def print_summary(outcomes):
    print("\n== summary", flush=True)
    for step, (outcome, seconds) in outcomes.items():
        print(f"  {step:<18} {outcome.passed:>5} passed {outcome.failed:>4} failed {outcome.skipped:>4} skipped {seconds:>7.0f} s")
    total = Outcome()
    for outcome, _ in outcomes.values():
        total.add(outcome)
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="+", choices=STEPS, metavar="STEP", help=", ".join(STEPS))
    parser.add_argument("--seconds", type=int, default=60, help="for how long each fuzz target runs")
    arguments = parser.parse_args()
    RESULTS.mkdir(parents=True, exist_ok=True)
    outcomes = {}
    for step in arguments.steps:
        print(f"\n== {step}", flush=True)
        begun = time.monotonic()
        outcomes[step] = STEPS[step](arguments), time.monotonic() - begun
    if all(step.startswith("build-") for step in arguments.steps):
        return 1 if any(outcome.failed for outcome, _ in outcomes.values()) else 0
    return 1 if print_summary(outcomes).failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
