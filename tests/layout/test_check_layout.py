"""Shows that check_layout.py accepts a sound tree and refuses a made-up violation of each kind."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check_layout  # noqa: E402

ROOMS = """
hawser_room(base DEPENDS hawser::xxhash)
hawser_room(log ROOMS base DEPENDS hawser::spdlog)
hawser_room(event ROOMS base log DEPENDS hawser::libuv)
hawser_room(http ROOMS base DEPENDS hawser::llhttp)
hawser_room(upstream ROOMS base log event http)
"""

SOUND_TREE = {
    "CMakeLists.txt": ROOMS,
    "src/base/hash.h": "#pragma once\n#include <cstdint>\n",
    "src/base/hash.cc": '#include "base/hash.h"\n\n#include <xxhash.h>\n\n#include "base/result.h"\n',
    "src/event/loop.cc": '#include <uv.h>\n#include <sys/socket.h>\n\n#include "log/logger.h"\n',
    "src/main.cc": '#include "upstream/server.h"\n',
    "tests/unit/base/hash_test.cc": '#include "base/hash.h"\n',
    "modules/balancers/fair/fair.cc": '#include "upstream/balancer.h"\n',
    "modules/balancers/fair/fair_test.cc": "",
    "modules/balancers/fair/README.md": "",
}


class CheckLayout(unittest.TestCase):
    def violations(self, changes=None, without=()):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {**SOUND_TREE, **(changes or {})}.items():
                if name not in without:
                    (root / name).parent.mkdir(parents=True, exist_ok=True)
                    (root / name).write_text(text)
            return check_layout.check(root)

    def refuses(self, expected, changes=None, without=()):
        found = self.violations(changes, without)
        self.assertEqual(1, len(found), found)
        self.assertIn(expected, found[0])

    def test_a_sound_tree_has_no_violation(self):
        self.assertEqual([], self.violations())

    def test_an_upward_include_is_refused(self):
        self.refuses("may not include", {"src/base/clock.h": '#include "event/loop.h"\n'})

    def test_an_include_of_an_earlier_room_that_is_not_listed_is_refused(self):
        self.refuses("may not include", {"src/http/head.h": '#include "event/loop.h"\n'})

    def test_a_module_may_not_include_above_the_upstream_room(self):
        self.refuses("may not include", {"modules/balancers/fair/plan.h": '#include "proxy/session.h"\n'})

    def test_an_include_without_its_room_is_refused(self):
        self.refuses("must be named from src/", {"src/base/clock.h": '#include "result.h"\n'})

    def test_a_library_outside_its_room_is_refused(self):
        headers = ["uv.h", "openssl/ssl.h", "yaml-cpp/yaml.h", "spdlog/spdlog.h", "llhttp.h", "re2/re2.h"]
        for header in headers:
            with self.subTest(header=header):
                self.refuses("belongs to room", {"src/base/clock.h": f"#include <{header}>\n"})
        self.refuses("belongs to room 'base'", {"src/http/head.h": "#include <xxhash.h>\n"})

    def test_a_library_in_a_module_is_refused(self):
        self.refuses("belongs to room", {"modules/balancers/fair/plan.h": "#  include <uv.h>\n"})

    def test_a_library_without_a_room_is_refused(self):
        self.refuses("neither a system header", {"src/base/clock.h": "#include <boost/asio.hpp>\n"})

    def test_a_source_that_does_not_open_with_its_own_header_is_refused(self):
        self.refuses("own header", {"src/base/hash.cc": '#include <xxhash.h>\n#include "base/hash.h"\n'})

    def test_quoted_includes_before_angle_ones_are_refused(self):
        self.refuses("stand before", {"src/event/loop.cc": '#include "base/hash.h"\n#include <uv.h>\n'})

    def test_a_file_of_501_lines_is_refused(self):
        self.assertEqual([], self.violations({"src/base/clock.h": "//\n" * 500}))
        self.refuses("501 lines", {"src/base/clock.h": "//\n" * 501})

    def test_names_that_say_nothing_are_refused(self):
        for name in ["src/base/utils.h", "src/base/string_utils.h", "tests/common/page.py", "tests/misc.py",
                     "tests/integration/helpers.py"]:
            with self.subTest(name=name):
                self.refuses("says nothing", {name: ""})

    def test_a_unit_test_of_another_name_is_refused(self):
        self.refuses("*_test.cc", {"tests/unit/base/test_hash.cc": ""})

    def test_a_unit_test_outside_a_room_is_refused(self):
        self.refuses("tests/unit/<room>/", {"tests/unit/hash_test.cc": ""})

    def test_a_module_without_code_test_or_readme_is_refused(self):
        for name, lacking in [("fair.cc", "code"), ("fair_test.cc", "a test"), ("README.md", "README.md")]:
            with self.subTest(name=name):
                self.refuses(f"lacks {lacking}", without=[f"modules/balancers/fair/{name}"])

    def test_rooms_listed_against_the_order_are_refused(self):
        upward = ROOMS.replace("hawser_room(log ROOMS base", "hawser_room(log ROOMS base event")
        self.refuses("does not stand above", {"CMakeLists.txt": upward})

    def test_a_folder_that_is_no_room_is_refused(self):
        self.refuses("no room", {"src/extras/thing.cc": ""})


if __name__ == "__main__":
    unittest.main()
