"""A certification authority of the tests' own, on the openssl command: issues, lets expire and revokes."""
import subprocess

from harness.certificates import Certificate

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
CONFIGURATION = """
[ca]
default_ca = own
[own]
database = {folder}/index.txt
serial = {folder}/serial
new_certs_dir = {folder}
certificate = {folder}/ca.crt
private_key = {folder}/ca.key
default_md = sha256
default_days = 2
default_crl_days = 2
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = supplied
"""


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class CertificateAuthority:
    def __init__(self, folder, name="Test Authority"):
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._configuration = folder / "ca.cnf"
        self.cert_file = str(folder / "ca.crt")
        (folder / "index.txt").write_text("")
        (folder / "serial").write_text("1000\n")
        self._configuration.write_text(CONFIGURATION.format(folder=folder))
        openssl("req", "-x509", *KEY, "-days", 2, "-keyout", folder / "ca.key", "-out", self.cert_file, "-subj",
                f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, file_name, *names, dates=()):
        """A certificate for names such as "DNS:a.test" and "IP:127.0.0.1"."""
        key, request, cert = (self._folder / f"{file_name}.{ending}" for ending in ("key", "csr", "crt"))
        openssl("req", *KEY, "-keyout", key, "-out", request, "-subj", f"/CN={file_name}", "-addext",
                "subjectAltName=" + ",".join(names))
        openssl("ca", "-batch", "-notext", "-config", self._configuration, "-in", request, "-out", cert, *dates)
        return Certificate(str(cert), str(key))

    def issue_expired(self, file_name, *names):
        return self.issue(file_name, *names, dates=("-startdate", "20200101000000Z", "-enddate", "20200201000000Z"))

    def revoke(self, certificate):
        openssl("ca", "-batch", "-config", self._configuration, "-revoke", certificate.cert_file)

    def revocation_list(self):
        """A list of what was revoked so far; its file."""
        file = self._folder / "revoked.crl"
        openssl("ca", "-batch", "-config", self._configuration, "-gencrl", "-out", file)
        return str(file)
