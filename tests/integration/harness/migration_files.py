"""The files of conf/migration/, made to run on one machine without touching it.

The rule is the one that conf/migration/README.md states:
- `0.0.0.0:PORT` is an address to listen on and becomes a free port of 127.0.0.1,
- any other IP:PORT is a server and becomes the address of one of the test's own,
- every other address in 10.0.0.0/8 becomes the one in 127.0.0.0/8 that ends alike,
- /etc, /run and /var begin below a folder of the test,
- nginx keeps bodies of requests and answers in that folder, too.
"""
import pathlib
import re

from harness.certificates import make_certificate
from harness.reserved_address import ReservedAddress

SOURCES = pathlib.Path(__file__).resolve().parents[3] / "conf/migration"
FILE_NAMES = {"nginx": "nginx.conf", "haproxy": "haproxy.cfg", "hawser": "hawser.yaml"}
INSTALLED_AS = {"nginx": "etc/nginx/nginx.conf", "haproxy": "etc/haproxy/haproxy.cfg", "hawser": "etc/hawser/hawser.yaml"}

ADDRESS_WITH_PORT = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}:\d+\b")
PRIVATE_ADDRESS = re.compile(r"(?<![\d.])10((?:\.\d{1,3}){3})\b(?!:)")
SYSTEM_PATH = re.compile(r"(?<![\w./*-])/(etc|run|var)/")
CERTIFICATE_PATH = re.compile(r"[\w./-]+\.(?:crt|pem)\b")
TEMPORARY_PATHS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def source_text(setup, kind):
    return (SOURCES / setup / FILE_NAMES[kind]).read_text()


def setups():
    return sorted(path.name for path in SOURCES.iterdir() if path.is_dir())


def listening_addresses(text):
    return sorted({found for found in ADDRESS_WITH_PORT.findall(text) if found.startswith("0.0.0.0:")})


def server_addresses(text):
    return sorted({found for found in ADDRESS_WITH_PORT.findall(text) if not found.startswith("0.0.0.0:")})


def put_certificates(text, folder, made):
    """Writes what the file names: NAME.crt beside NAME.key, or NAME.pem with both in it. `made` are those of this session."""
    for path in map(pathlib.Path, CERTIFICATE_PATH.findall(text)):
        path = path if path.is_absolute() else folder / "etc/hawser" / path
        path.parent.mkdir(parents=True, exist_ok=True)
        certificate, key = made(path.stem)
        if path.suffix == ".pem":
            path.write_text(certificate + key)
        else:
            path.write_text(certificate)
            path.with_suffix(".key").write_text(key)


class CertificateShelf:
    """A self-signed certificate for each name that is asked for, made once."""

    def __init__(self, folder):
        self._folder = folder
        self._made = {}

    def __call__(self, name):
        if name not in self._made:
            files = make_certificate(self._folder, name)
            self._made[name] = tuple(pathlib.Path(file).read_text() for file in (files.cert_file, files.key_file))
        return self._made[name]


class RunnableFile:
    """One file of a set-up below `folder`, as the rule says. `servers` maps the addresses in it to those of the test's
    servers; all must be there. `listeners` maps those to listen on to what they became."""

    def __init__(self, setup, kind, folder, servers, shelf, edit=lambda text: text):
        text = edit(source_text(setup, kind))
        self.kind = kind
        self.folder = folder
        self.path = folder / INSTALLED_AS[kind]
        self.listeners = {address: ReservedAddress() for address in listening_addresses(text)}
        assert sorted(servers) == server_addresses(text), f"servers of {setup}/{FILE_NAMES[kind]}"
        addresses = {**servers, **{address: held.text for address, held in self.listeners.items()}}
        text = ADDRESS_WITH_PORT.sub(lambda found: addresses[found.group(0)], text)
        text = PRIVATE_ADDRESS.sub(r"127\1", text)
        text = SYSTEM_PATH.sub(lambda found: f"{folder}/{found.group(1)}/", text)
        self._make_folders()
        self.text = self._with_temporary_paths(text) if kind == "nginx" else text
        put_certificates(text, folder, shelf)
        self.path.write_text(self.text)

    def _make_folders(self):
        log = f"var/log/{self.kind}"
        for name in ("run", f"run/{self.kind}", log, f"etc/{self.kind}"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def _with_temporary_paths(self, text):
        lines = "".join(f"  {name}_temp_path {self.folder}/run/{name};\n" for name in TEMPORARY_PATHS)
        return text.replace("http {\n", "http {\n" + lines, 1)

    def stop(self):
        for held in self.listeners.values():
            held.stop()
