"""An AppArmor profile as apparmor_parser reads it, asked what it says of files; needs no kernel that has AppArmor."""
import re
import subprocess

FEATURES = "/etc/apparmor.d/abi/3.0"  # what a kernel would say that it can do
EXECUTE, WRITE, READ = 1, 2, 4
RULE = re.compile(r"^aare: .*?   ->   (.*)\nrule: .*? \(0x([0-9a-f]+)/", re.MULTILINE)


def parse(profile, *options):
    """The folder of the profile is searched for what it includes, before /etc/apparmor.d, whose files may be of a newer ABI."""
    command = ["apparmor_parser", "--skip-kernel-load", "--skip-cache", "--kernel-features", FEATURES,
               "--warn=all", "--warn=no-abi", "--Werror", "--Include", str(profile.parent)]
    return subprocess.run([*command, *options, str(profile)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class FileRules:
    def __init__(self, profile):
        dumped = parse(profile, "--dump=rule-exprs")
        assert dumped.returncode == 0, dumped.stdout
        self._rules = [(re.compile(path, re.DOTALL), int(access, 16)) for path, access in RULE.findall(dumped.stdout)]
        assert len(self._rules) > 100, "the parser's dump looks different from what is expected here"

    def allow(self, path, access):
        """Whether rules together grant every bit of `access`."""
        granted = 0
        for pattern, bits in self._rules:
            if pattern.fullmatch(path):
                granted |= bits
        return granted & access == access
