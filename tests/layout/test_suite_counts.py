"""Shows that tests/support/suite.py counts a failure wherever there is one: its last line is what CI believes."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import suite  # noqa: E402


def junit_report(**counts):
    numbers = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0, **counts}
    attributes = " ".join(f'{name}="{number}"' for name, number in numbers.items())
    return f"<testsuites><testsuite name='pytest' {attributes}></testsuite></testsuites>"


class CountUnitTests(unittest.TestCase):
    def test_a_summary_of_success_gives_its_test_cases(self):
        counted = suite.count_catch2("All tests passed (133 assertions in 12 test cases)\n", 0)
        self.assertEqual(suite.Outcome(passed=12), counted)

    def test_a_summary_with_failures_gives_both_numbers(self):
        counted = suite.count_catch2("test cases: 12 | 9 passed | 3 failed\nassertions: 40 | 37 passed | 3 failed\n", 3)
        self.assertEqual(suite.Outcome(passed=9, failed=3), counted)

    def test_failures_that_were_expected_are_none(self):
        counted = suite.count_catch2("test cases: 3 | 2 passed | 1 failed as expected\n", 0)
        self.assertEqual(suite.Outcome(passed=2), counted)

    def test_a_program_that_dies_without_a_summary_is_a_failure(self):
        self.assertEqual(suite.Outcome(failed=1), suite.count_catch2("ERROR: AddressSanitizer: heap-use-after-free\n", 1))

    def test_a_program_that_ran_no_test_is_a_failure(self):
        self.assertEqual(suite.Outcome(failed=1), suite.count_catch2("No tests ran\n", 0))

    def test_a_sanitizer_report_after_a_good_summary_is_a_failure(self):
        counted = suite.count_catch2("All tests passed (2 assertions in 2 test cases)\nLeakSanitizer\n", 23)
        self.assertEqual(suite.Outcome(passed=2, failed=1), counted)

    def test_a_program_that_was_not_built_is_a_failure(self):
        outcome, output, _ = suite.run_unit_program({"name": "unit.base"}, [])
        self.assertEqual(suite.Outcome(failed=1), outcome)
        self.assertIn("not built", output)


class CountBlackBoxTests(unittest.TestCase):
    def count(self, text, status):
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "report.xml"
            if text is not None:
                report.write_text(text)
            return suite.count_junit(report, status)

    def test_failures_errors_and_skips_are_not_passes(self):
        counted = self.count(junit_report(tests=10, failures=2, errors=1, skipped=3), 1)
        self.assertEqual(suite.Outcome(passed=4, failed=3, skipped=3), counted)

    def test_a_run_without_a_report_is_a_failure(self):
        self.assertEqual(suite.Outcome(failed=1), self.count(None, 2))

    def test_a_run_that_found_no_test_is_a_failure(self):
        self.assertEqual(suite.Outcome(failed=1), self.count(junit_report(), 5))

    def test_half_a_report_is_a_failure(self):
        self.assertEqual(suite.Outcome(failed=1), self.count("<testsuites><testsuite tests='4'", -9))

    def test_success_without_a_report_is_a_failure(self):
        self.assertEqual(1, self.count(None, 0).failed)


if __name__ == "__main__":
    unittest.main()
