"""Self-signed certificates from the openssl command, and TLS contexts that trust anything."""
import ssl
import subprocess
from dataclasses import dataclass


@dataclass
class Certificate:
    cert_file: str
    key_file: str

    def as_configuration(self):
        return {"cert_file": self.cert_file, "key_file": self.key_file}


def make_certificate(folder, name="localhost", *other_names):
    cert, key = folder / f"{name}.crt", folder / f"{name}.key"
    names = ",".join(f"DNS:{n}" for n in (name, *other_names))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", str(key), "-out", str(cert), "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}"],
        check=True, capture_output=True)
    return Certificate(str(cert), str(key))


def trusting_context(minimum=None, maximum=None, alpn=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if minimum:
        context.minimum_version = minimum
    if maximum:
        context.maximum_version = maximum
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def common_name(certificate_der):
    text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject", "-nameopt", "multiline"],
                          input=certificate_der, capture_output=True, check=True).stdout.decode()
    return text.split("commonName", 1)[1].split("=", 1)[1].strip()
