"""A card registry over TLS: DOPA's SOAP 1.2 operation, good for everybody but a few citizen IDs."""

import base64
import datetime
import ipaddress
import re
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PATH = "/checkcardstatus/checkcardservice.asmx"
USER, SECRET = "digital-id", "what the registry gave us"
# Code 4: the laser code is not of this ID. IsError: the registry cannot say.
REFUSED, BROKEN = "1000000000041", "1000000000068"


class CardRegistry:
    """On loopback, with a certificate that `folder`/trusted.pem vouches for."""

    def __init__(self, folder):
        self.trusted = Path(folder, "trusted.pem")
        self.asked_by = set()
        self.certificate(folder)

    def __enter__(self):
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                registry.answer(self)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_port}{PATH}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def certificate(self, folder):
        """Of an authority made for this run, which is all that the functions are to trust."""
        key = ec.generate_private_key(ec.SECP256R1())
        authority_key = ec.generate_private_key(ec.SECP256R1())
        authority = signed("registry's authority", authority_key, None, authority_key)
        leaf = signed("registry", key, authority, authority_key)
        self.trusted.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        self.chain = Path(folder, "registry.pem")
        pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        self.chain.write_bytes(leaf.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*pem))
        self.chain.chmod(0o600)

    def answer(self, request):
        body = request.rfile.read(int(request.headers["Content-Length"])).decode()
        basic = request.headers.get("Authorization", "").removeprefix("Basic ")
        self.asked_by.add(base64.b64decode(basic).decode().split(":")[0])
        citizen_id = re.search(r"PID>(\d{13})<", body)[1]
        code, described = ("4", "สถานะไม่ปกติ => ไม่พบเลข Laser จาก PID นี้") if citizen_id == REFUSED else ("0", "สถานะปกติ")
        broken = "true" if citizen_id == BROKEN else "false"
        answer = (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<soap12:Envelope xmlns:soap12="http://www.w3.org/2003/05/soap-envelope"><soap12:Body>'
            '<CheckCardByLaserResponse xmlns="http://tempuri.org/"><CheckCardByLaserResult>'
            f"<IsError>{broken}</IsError><ErrorMessage/><Code>{code}</Code><Desc>{described.replace('>', '&gt;')}</Desc>"
            "</CheckCardByLaserResult></CheckCardByLaserResponse></soap12:Body></soap12:Envelope>"
        ).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/soap+xml; charset=utf-8")
        request.send_header("Content-Length", str(len(answer)))
        request.end_headers()
        request.wfile.write(answer)


def signed(name, key, issuer, issuer_key):
    now = datetime.datetime.now(datetime.timezone.utc)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5)).not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer:
        builder = builder.add_extension(address, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
