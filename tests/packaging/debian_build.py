"""Builds the .debs of one Debian release in a root of that release: the version of the changelog, and later ones."""

import re
import subprocess

from debian_root import DebianRoot

# Kept over runs in the work folder, so that a second build compiles little.
COMPILER_CACHE = "ccache"


class DebianBuild:
    def __init__(self, project, release, folder, tarball, log):
        """`project` is the tree to build, `folder` where the root, the compiler's cache and the packages of `release` go."""
        self.project = project
        self.folder = folder
        cache = folder / COMPILER_CACHE
        cache.mkdir(parents=True, exist_ok=True)
        self.root = DebianRoot(folder / "build-root", tarball, log, cache)
        self.release = release

    def prepare(self):
        self.root.apt("update")
        self.root.apt("install", "dpkg-dev", "ccache", "lintian")
        shared = self.root.path("/build")
        subprocess.run([self.project / "packaging/build-deb.sh", "--stage-only", shared], check=True)
        (self.source,) = (path.name for path in shared.iterdir())
        self.root.apt("build-dep", f"/build/{self.source}")

    def build(self):
        """The version of the changelog, from nothing. The .deb's path outside of the root."""
        self._package("--build=full")
        return self._deb()

    def build_later(self, suffix):
        """What is compiled stays; a new entry of the changelog makes a later version of it."""
        changelog = self.root.path(f"/build/{self.source}/debian/changelog")
        text = changelog.read_text()
        version = re.match(r"hawser \(([^)]*)\)", text).group(1)
        entry = text.split("\nhawser (")[0].replace(f"({version})", f"({version}{suffix})", 1)
        changelog.write_text(entry.rstrip("\n") + "\n\n" + text)
        for made in ("hawser", ".debhelper", "hawser.substvars"):
            self.root.run("rm", "-rf", f"/build/{self.source}/debian/{made}")
        self._package("--build=binary", "--no-pre-clean")
        changelog.write_text(text)
        return self._deb(suffix)

    def lintian(self):
        changes = self.root.run("sh", "-c", "ls /build/*.changes").stdout.split()
        return self.root.run("lintian", "-EviIL", "+pedantic", "--fail-on", "none", "--allow-root", *changes).stdout

    def _package(self, *options):
        settings = {"CCACHE_DIR": "/ccache", "DEB_BUILD_OPTIONS": "nocheck parallel=2"}
        arguments = ["dpkg-buildpackage", "--unsigned-source", "--unsigned-changes", *options]
        self.root.run("env", f"--chdir=/build/{self.source}", *arguments, environment=settings)

    def _deb(self, suffix=""):
        version = self.source.removeprefix("hawser-") + suffix
        (deb,) = self.root.path("/build").glob(f"hawser_{version}_*.deb")
        return deb
