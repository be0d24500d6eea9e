"""The program's `token` commands, and keys in every form that it reads."""

import json
import os
import secrets
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

PROGRAM = Path(os.environ.get("AUTHBENCH_PROGRAM", Path(__file__).parents[2] / ".build/debug/authbench"))
KEY_ID = "2026-01"
# How each kind of key is written: the forms of its private and of its public half; a JWK comes with each.
FORMS = {
    "RS256": {"pkcs8": ("PKCS8", "SubjectPublicKeyInfo"), "pkcs1": ("TraditionalOpenSSL", "PKCS1")},
    "PS256": {"pkcs8": ("PKCS8", "SubjectPublicKeyInfo")},
    "ES256": {"pkcs8": ("PKCS8", "SubjectPublicKeyInfo"), "sec1": ("TraditionalOpenSSL", "SubjectPublicKeyInfo")},
    "EdDSA": {"pkcs8": ("PKCS8", "SubjectPublicKeyInfo")},
}
KINDS = {"RS256": RSAKey, "PS256": RSAKey, "ES256": ECKey, "EdDSA": OKPKey}


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
        modulus = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.pairs = {
            "RS256": modulus, "PS256": modulus, "ES256": ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate(),
        }
        self.jwk = {"HS256": OctKey.import_key(self.secret, {"kid": KEY_ID})} | {
            alg: kind.import_key(private(self.pairs[alg], "PKCS8"), {"kid": KEY_ID}) for alg, kind in KINDS.items()
        }
        raw = self._file("raw", self.secret)
        oct_jwk = self._file("oct.jwk", as_json(self.jwk["HS256"].as_dict(private=True)))
        self.files = {("HS256", "raw"): (raw, raw), ("HS256", "jwk"): (oct_jwk, oct_jwk)}
        for alg, forms in FORMS.items():
            pair = self.pairs[alg]
            for name, (own, shared) in forms.items():
                self.files[alg, name] = (
                    self._file(f"{alg}.{name}.pem", private(pair, own)),
                    self._file(f"{alg}.{name}.pub.pem", public(pair.public_key(), shared)),
                )
            self.files[alg, "jwk"] = tuple(
                self._file(f"{alg}.{half}.jwk", as_json(self.jwk[alg].as_dict(private=half == "own")))
                for half in ("own", "shared")
            )

    @property
    def public(self):
        return self.verifying("RS256")

    @property
    def rsa(self):
        return self.pairs["RS256"]

    def signing(self, alg):
        """What PyJWT signs with."""
        return self.secret if alg == "HS256" else self.pairs[alg]

    def verifying(self, alg):
        """What PyJWT verifies with."""
        return self.secret if alg == "HS256" else self.pairs[alg].public_key()

    def _file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return str(path)


def as_json(members):
    return json.dumps(members).encode()


def private(pair, form):
    return pair.private_bytes(
        serialization.Encoding.PEM, getattr(serialization.PrivateFormat, form), serialization.NoEncryption()
    )


def public(half, form):
    return half.public_bytes(serialization.Encoding.PEM, getattr(serialization.PublicFormat, form))
