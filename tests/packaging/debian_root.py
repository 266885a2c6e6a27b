"""A Debian below a folder, with processes, mounts and a network of its own. Needs root.

Everything in it ends with this object, or with the process that holds it, however that ends.
"""

import pathlib
import re
import shutil
import subprocess

ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
}

# The first process of the root: it adopts what loses its parent, and ends, with all others, when its input does.
FIRST_PROCESS = """
set -eu
mount -t proc proc "$1/proc"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts"
mount -t tmpfs tmpfs "$1/dev/shm"
ip link set lo up
[ -z "$2" ] || { mkdir -p "$1/ccache"; mount --bind "$2" "$1/ccache"; }
echo ready
read -r _ || true
"""


def base_tarball(release, folder, mirror):
    """The smallest Debian of that release, made once by debootstrap and kept in `folder`."""
    tarball = folder / f"{release}.tar"
    if not tarball.exists():
        made = folder / f"{release}.making"
        shutil.rmtree(made, ignore_errors=True)
        subprocess.run(["debootstrap", "--variant=minbase", release, made, mirror], check=True)
        unfinished = tarball.with_suffix(".unfinished")
        subprocess.run(["tar", "--create", "--file", unfinished, "--directory", made, "."], check=True)
        unfinished.rename(tarball)
        shutil.rmtree(made)
    return tarball


class DebianRoot:
    def __init__(self, folder, tarball, log, compiler_cache=None):
        """Unpacks `tarball` into `folder`, which is emptied first. Commands and their output go to the file `log`."""
        self.folder = pathlib.Path(folder)
        self.log = open(log, "a", buffering=1)  # noqa: SIM115  closed by close()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        subprocess.run(["tar", "--extract", "--file", tarball, "--directory", self.folder, "--numeric-owner"], check=True)
        shutil.copy("/etc/resolv.conf", self.folder / "etc/resolv.conf")
        self._forbid_services()
        self._start(compiler_cache)

    def _forbid_services(self):
        policy = self.path("/usr/sbin/policy-rc.d")
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)

    def _start(self, compiler_cache):
        namespaces = ["--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child"]
        first = ["bash", "-c", FIRST_PROCESS, "first", str(self.folder), str(compiler_cache or "")]
        self._holder = subprocess.Popen(
            ["unshare", *namespaces, *first], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if self._holder.stdout.readline() != "ready\n":
            raise RuntimeError("cannot make the namespaces of a root: this needs to run as root")
        holder = self._holder.pid
        self.first = int(pathlib.Path(f"/proc/{holder}/task/{holder}/children").read_text().split()[0])

    def close(self):
        """Ends every process in the root; its mounts go with them."""
        self._holder.stdin.close()
        self._holder.wait(timeout=30)
        self.log.close()

    def path(self, inside):
        return self.folder / str(inside).lstrip("/")

    def command(self, arguments, network="own", environment=None):
        """What to run outside, so that `arguments` run inside. `network` is "own" (a loop-back alone) or "host"."""
        spaces = ["--mount", "--pid", "--ipc", "--uts"] + (["--net"] if network == "own" else [])
        settings = [f"{name}={value}" for name, value in {**ENVIRONMENT, **(environment or {})}.items()]
        enter = ["nsenter", "--target", str(self.first), *spaces, "chroot", str(self.folder), "env", "-i", *settings]
        return enter + [str(argument) for argument in arguments]

    def run(self, *arguments, network="own", environment=None, check=True, text=None):
        """Runs to the end. The result's stdout holds both outputs."""
        print("$", *arguments, file=self.log)
        done = subprocess.run(
            self.command(arguments, network, environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            input=text,
            check=False,
        )
        done.stdout = re.sub(r"^\(Reading database \.\.\. (\d+%)?\n", "", done.stdout, flags=re.MULTILINE)
        self.log.write(done.stdout + f"[exit status {done.returncode}]\n")
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout[-4000:]}")
        return done

    def spawn(self, *arguments, environment=None, **streams):
        """Runs beside us, on the root's own network."""
        print("$", *arguments, "&", file=self.log)
        return subprocess.Popen(self.command(arguments, environment=environment), **streams)

    def apt(self, *arguments, check=True):
        """apt-get as an administrator types it, without recommended packages; the network is the host's."""
        keep = ["-o", "Dpkg::Options::=--force-confold"]
        return self.run("apt-get", "-y", "--no-install-recommends", *keep, *arguments, network="host", check=check)

    def pid_inside(self, pid):
        """The number that the host's process `pid` has in this root; None when it lives elsewhere."""
        try:
            status = pathlib.Path(f"/proc/{pid}/status").read_text()
            if pathlib.Path(f"/proc/{pid}/ns/pid").readlink() != pathlib.Path(f"/proc/{self.first}/ns/pid").readlink():
                return None
        except OSError:
            return None
        numbers = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()
        return int(numbers[-1])

    def processes(self, executable):
        """The pids, as seen in the root, of all that run this file or a former version of it."""
        found = []
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            inside = self.pid_inside(process.name)
            if inside is not None and _executable(process).endswith(executable):
                found.append(inside)
        return sorted(found)

    def owner_of_connection(self, local_port, remote_port):
        """The pid, as seen in the root, of the process that holds this side of a TCP connection."""
        inode = self._inode_of_connection(local_port, remote_port)
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            inside = self.pid_inside(process.name)
            if inside is not None and f"socket:[{inode}]" in _descriptors(process):
                return inside
        raise AssertionError(f"nobody holds the connection of ports {local_port} and {remote_port}")

    def _inode_of_connection(self, local_port, remote_port):
        for line in pathlib.Path(f"/proc/{self.first}/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            ports = [int(address.split(":")[1], 16) for address in fields[1:3]]
            if ports == [local_port, remote_port]:
                return fields[9]
        raise AssertionError(f"no connection from port {remote_port} to port {local_port}")


def _executable(process):
    try:
        return str((process / "exe").readlink()).removesuffix(" (deleted)")
    except OSError:
        return ""


def _descriptors(process):
    try:
        return {str(link.readlink()) for link in (process / "fd").iterdir()}
    except OSError:
        return set()
