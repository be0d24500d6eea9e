"""The program's `token` commands, and keys in every form that it reads."""

import json
import os
import secrets
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import OctKey, RSAKey

PROGRAM = Path(os.environ.get("AUTHBENCH_PROGRAM", Path(__file__).parents[2] / ".build/debug/authbench"))
KEY_ID = "2026-01"


def make(*options):
    """One token, as text."""
    run = subprocess.run([PROGRAM, "token", "make", *options], capture_output=True, text=True, check=True)
    return run.stdout.rstrip("\n")


def check(token, *options):
    """The exit status, and what stands on stdout."""
    run = subprocess.run([PROGRAM, "token", "check", *options], input=token, capture_output=True, text=True)
    assert run.returncode in (0, 1), run.stderr
    report = json.loads(run.stdout)
    assert (run.returncode == 0) == (report["decision"] == "accepted")
    return report


class Keys:
    """One key for each algorithm, and files of it in each form; for each form the private and the public file."""

    def __init__(self, folder):
        self.folder = folder
        self.secret = secrets.token_bytes(64)
        self.rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public = self.rsa.public_key()
        self.jwk = {
            "HS256": OctKey.import_key(self.secret, {"kid": KEY_ID}),
            "RS256": RSAKey.import_key(self._private("PKCS8"), {"kid": KEY_ID}),
        }
        raw = self._file("raw", self.secret)
        oct_jwk = self._file("oct.jwk", self._json(self.jwk["HS256"].as_dict(private=True)))
        rsa_jwk = self.jwk["RS256"]
        self.files = {
            ("HS256", "raw"): (raw, raw),
            ("HS256", "jwk"): (oct_jwk, oct_jwk),
            ("RS256", "pkcs8"): (
                self._file("pkcs8.pem", self._private("PKCS8")),
                self._file("spki.pem", self._public("SubjectPublicKeyInfo")),
            ),
            ("RS256", "pkcs1"): (
                self._file("pkcs1.pem", self._private("TraditionalOpenSSL")),
                self._file("pkcs1.pub.pem", self._public("PKCS1")),
            ),
            ("RS256", "jwk"): (
                self._file("rsa.jwk", self._json(rsa_jwk.as_dict(private=True))),
                self._file("rsa.pub.jwk", self._json(rsa_jwk.as_dict(private=False))),
            ),
        }

    def signing(self, alg):
        """What PyJWT signs with."""
        return self.secret if alg == "HS256" else self.rsa

    def verifying(self, alg):
        """What PyJWT verifies with."""
        return self.secret if alg == "HS256" else self.public

    def _file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    @staticmethod
    def _json(members):
        return json.dumps(members).encode()

    def _private(self, form):
        return self.rsa.private_bytes(
            serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), serialization.NoEncryption()
        )

    def _public(self, form):
        return self.public.public_bytes(serialization.Encoding.PEM, getattr(serialization.PublicFormat, form))
