"""Hawser, nginx and HAProxy with equal configurations on loopback, each with one worker; and no proxy at all.

Nothing here touches an installed service: every configuration is generated into a temporary folder.
"""

import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile

from . import meter
from .process import PROXY_CPU, BenchError, spawn, stop, wait_until


IDLE_CONNECTIONS = 32  # kept to the server by a worker: Hawser's default of keepalive.idle, nginx's `keepalive`
UNLIMITED = 1_000_000_000  # requests on one connection

# nginx takes proxy_set_header over from outside only where a location has none of its own.
FORWARDED = """
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $http_host;"""


def make_certificate(folder):
    """A self-signed ECDSA P-256 certificate as cert.pem, key.pem and, for HAProxy, both.pem."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
         "-subj", "/CN=bench.test", "-addext", "subjectAltName=DNS:bench.test,IP:127.0.0.1",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True)
    (folder / "both.pem").write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())


def free_ports(count):
    """Ports that nobody holds right now; all are probed together so that they differ."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def accepts(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Proxy:
    """One proxy in front of the echo server. `wrapper` goes before its command (valgrind)."""

    name = ""
    attempts = 3
    cpu = PROXY_CPU

    def __init__(self, folder, echo_port, binary, wrapper=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=self.name + "-", dir=folder))
        self.certificates = folder
        self.echo_port = echo_port
        self.binary = binary
        self.wrapper = list(wrapper)
        self.start_timeout = 60 if wrapper else 10
        self.process = None
        self.urls = {}

    def start(self):
        for attempt in range(self.attempts):
            try:
                self._start_once()
                return self
            except BenchError as error:
                self.stop()
                if attempt + 1 == self.attempts:
                    raise BenchError(f"{error}; it said:\n{self.output()[-2000:]}") from error
        return self

    def _start_once(self):
        command = self.wrapper + self.configure()
        with open(self.folder / "output", "wb") as output:
            self.process = spawn(command, self.cpu, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        ports = wait_until(self._listening, f"{self.name} to listen", self.start_timeout)
        self.urls = {scheme: f"{scheme}://127.0.0.1:{port}"
                     for port, schemes in zip(ports, (("ws", "http"), ("wss", "https"))) for scheme in schemes}

    def _listening(self):
        if self.process.poll() is not None:
            raise BenchError(f"{self.name} ended with {self.process.returncode}")
        ports = self.listening_ports()
        return ports if ports and all(accepts(port) for port in ports) else None

    def output(self):
        path = self.folder / "output"
        return path.read_text(errors="replace") if path.exists() else ""

    def pids(self):
        return meter.process_tree(self.process.pid)

    def stop(self):
        if self.process:
            stop(self.process, signal.SIGTERM, 60 if self.wrapper else 10)
            self.process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Nginx(Proxy):
    name = "nginx"

    def configure(self):
        self.ports = free_ports(2)
        processes = "master_process off;" if self.wrapper else "worker_processes 1;"
        (self.folder / "nginx.conf").write_text(f"""
daemon off;
user root;
{processes}
worker_rlimit_nofile 20000;
pid {self.folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 19000; }}
http {{
  access_log off;
  client_body_temp_path {self.folder}/body;
  proxy_temp_path {self.folder}/proxy;
  fastcgi_temp_path {self.folder}/fastcgi;
  uwsgi_temp_path {self.folder}/uwsgi;
  scgi_temp_path {self.folder}/scgi;
  tcp_nodelay on;
  keepalive_requests {UNLIMITED};
  keepalive_timeout 1h;
  proxy_http_version 1.1;
  upstream echo {{ server 127.0.0.1:{self.echo_port}; }}
  upstream kept {{
    server 127.0.0.1:{self.echo_port};
    keepalive {IDLE_CONNECTIONS};
    keepalive_requests {UNLIMITED};
    keepalive_timeout 1h;
  }}
  server {{
    listen 127.0.0.1:{self.ports[0]} backlog=4096;
    listen 127.0.0.1:{self.ports[1]} ssl backlog=4096;
    ssl_certificate {self.certificates}/cert.pem;
    ssl_certificate_key {self.certificates}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:10m;
    location / {{
      proxy_pass http://echo;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";{FORWARDED}
      proxy_read_timeout 1h;
      proxy_send_timeout 1h;
    }}
    location /bytes/ {{
      proxy_pass http://kept;
      proxy_set_header Connection "";{FORWARDED}
    }}
  }}
}}
""")
        return [self.binary, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]

    def listening_ports(self):
        return self.ports


class Haproxy(Proxy):
    name = "haproxy"

    def configure(self):
        self.ports = free_ports(2)
        (self.folder / "haproxy.cfg").write_text(f"""
global
  nbthread 1
  maxconn 9500
  ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
frontend public
  bind 127.0.0.1:{self.ports[0]} backlog 4096
  bind 127.0.0.1:{self.ports[1]} backlog 4096 ssl crt {self.certificates}/both.pem
  option forwardfor
  http-request set-header X-Forwarded-Proto http unless {{ ssl_fc }}
  http-request set-header X-Forwarded-Proto https if {{ ssl_fc }}
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  default_backend echo
backend echo
  http-reuse always
  server one 127.0.0.1:{self.echo_port}
""")
        return [self.binary, "-db", "-f", str(self.folder / "haproxy.cfg")]

    def listening_ports(self):
        return self.ports


class Hawser(Proxy):
    name = "hawser"
    upstream = ""  # more of its upstream, as YAML in flow style

    def configure(self):
        (self.folder / "hawser.yaml").write_text(f"""
workers: 1
pid_file: {self.folder}/hawser.pid
log: {{ level: info, target: stderr }}
access_log: {{ target: off }}
listeners:
  - {{ name: plain, address: "127.0.0.1:0" }}
  - name: secure
    address: "127.0.0.1:0"
    tls:
      certificates: [{{ cert_file: {self.certificates}/cert.pem, key_file: {self.certificates}/key.pem }}]
routes: [{{ upstream: echo }}]
upstreams: {{ echo: {{ servers: [{self.server()}]{self.upstream} }} }}
""")
        return [self.binary, "-c", str(self.folder / "hawser.yaml")]

    def server(self):
        return f'"127.0.0.1:{self.echo_port}"'

    def listening_ports(self):
        found = dict(re.findall(r"listening listener=(\w+) address=127\.0\.0\.1:(\d+)", self.output()))
        if "plain" not in found or "secure" not in found:
            return None
        return [int(found["plain"]), int(found["secure"])]


KINDS = {kind.name: kind for kind in (Hawser, Nginx, Haproxy)}


def binary_of(name, hawser):
    """Where the program is; None when it is not there."""
    if name == "hawser":
        return str(hawser) if hawser and hawser.exists() else None
    return shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
