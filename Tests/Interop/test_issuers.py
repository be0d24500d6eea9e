"""The commands of docs/tokens.md accept tokens of the shape beside them, made by other libraries, and refuse any other."""

import json
import os
import re
import shlex
import subprocess
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc.jwk import ECKey, OctKey, RSAKey

from authbench import PROGRAM, private

PAGE = (Path(__file__).parents[2] / "docs/tokens.md").read_text()
# Each issuer's heading, the token's shape and the command that checks it.
ISSUERS = re.findall(r"^### (.*?)\n.*?^```json\n(.*?)^```\n```\n(authbench token check.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
NAMES = [name for name, _, _ in ISSUERS]


class Issuer:
    """One issuer of the page with keys of its own: its command runs in a folder with its key set."""

    def __init__(self, name, folder):
        _, shape, self.command = next(one for one in ISSUERS if one[0] == name)
        self.folder = folder
        self.header, self.claims = json.loads(shape)["header"], json.loads(shape)["claims"]
        self.alg = self.header["alg"]
        self.key, self.other = self.pair(), self.pair()
        jwk = {"RS256": RSAKey, "ES256": ECKey}[self.alg]

        def public(pair, kid, **members):
            return jwk.import_key(private(pair, "PKCS8"), {"kid": kid, **members}).as_dict(private=False)

        # As issuers publish them: the next key too, one for encryption, and members that nobody here knows.
        self.set = [
            public(self.other, "next", use="sig", alg=self.alg),
            public(self.pair(), "encryption", use="enc", alg="RSA-OAEP" if self.alg == "RS256" else "ECDH-ES"),
            public(self.key, self.header["kid"], use="sig") | {"x5c": ["MIIC"], "x5t": "abc", "issuer": "x"},
        ]

    def pair(self):
        if self.alg == "RS256":
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return ec.generate_private_key(ec.SECP256R1())

    def token(self, header=None, key=None, **changes):
        """A token of the shape whose times are moved to now; a change to None leaves a member out."""
        moved = int(time.time()) - self.claims["iat"]
        claims = {
            name: value + moved if name in ("exp", "iat", "nbf", "auth_time") else value
            for name, value in self.claims.items()
        } | changes
        claims = {name: value for name, value in claims.items() if value is not None}
        header = self.header | (header or {})
        # PyJWT writes a type of its own unless it is told to leave it out.
        headers = {"typ": None} | header
        return jwt.encode(claims, key or self.key, algorithm=self.alg, headers=headers)

    def check(self, token, keys=None):
        """What the page's command says, run by a shell as a reader would."""
        (self.folder / "jwks.json").write_text(json.dumps({"keys": self.set if keys is None else keys}))
        (self.folder / "token").write_text(token + "\n")
        program = self.folder / "bin" / "authbench"
        program.parent.mkdir(exist_ok=True)
        program.unlink(missing_ok=True)
        program.symlink_to(Path(PROGRAM).resolve())
        environment = os.environ | {"PATH": f"{program.parent}:{os.environ['PATH']}"}
        run = subprocess.run(["sh", "-c", self.command], cwd=self.folder, env=environment, capture_output=True, text=True)
        if run.returncode not in (0, 1):
            return run.stderr
        report = json.loads(run.stdout)
        assert (run.returncode == 0) == (report["decision"] == "accepted")
        return report

    def asked(self, option):
        """The values of an option of the command."""
        words = shlex.split(self.command.replace("\\\n", " "))
        return [words[index + 1] for index, word in enumerate(words) if word == option]


@pytest.fixture(params=NAMES)
def issuer(request, tmp_path):
    return Issuer(request.param, tmp_path)


def test_the_page_has_five_issuers():
    assert NAMES == ["Auth0", "Amazon Cognito", "Keycloak", "Supabase", "Microsoft Entra ID"]


def test_the_command_accepts_the_shape(issuer):
    token = issuer.token()
    assert jwt.get_unverified_header(token) == issuer.header
    report = issuer.check(token)
    assert report["decision"] == "accepted", report["detail"]
    assert report["subject"] == issuer.claims["sub"] and report["claims"].keys() == issuer.claims.keys()


def test_a_token_without_a_kid_takes_the_only_key(issuer):
    token = jwt.encode(
        jwt.decode(issuer.token(), options={"verify_signature": False}), issuer.key, algorithm=issuer.alg,
        headers={"typ": issuer.header.get("typ")})
    assert "kid" not in jwt.get_unverified_header(token)
    assert issuer.check(token, keys=issuer.set[1:])["decision"] == "accepted"
    report = issuer.check(token)
    assert report["reason"] == "malformed"
    assert report["detail"] == f"kid is missing from the header, and there are 2 keys for {issuer.alg}"


def test_another_key_than_the_kid_says_is_a_bad_signature(issuer):
    assert issuer.check(issuer.token(key=issuer.other))["reason"] == "bad_signature"
    assert issuer.check(issuer.token(key=issuer.other, header={"kid": "next"}))["decision"] == "accepted"
    unknown = issuer.check(issuer.token(header={"kid": "unknown"}))
    assert unknown["reason"] == "malformed" and unknown["detail"].startswith("kid of the header is that of no key")
    encryption = issuer.check(issuer.token(header={"kid": "encryption"}))
    assert encryption["reason"] == "malformed"
    assert encryption["detail"].startswith("kid of the header is that of a key that is by its")


def test_what_is_asked_for_is_named_when_it_is_wrong(issuer):
    required = [claim.partition("=")[0] for claim in issuer.asked("--require")]
    audience = ["aud"] if issuer.asked("--audience") else []
    for name in ["iss", "exp", *audience, *required]:
        report = issuer.check(issuer.token(**{name: None}))
        assert (report["reason"], report["detail"]) == ("wrong_claims", f"{name} is missing"), name
    for name in ["iss", *audience, *(claim.partition("=")[0] for claim in issuer.asked("--require") if "=" in claim)]:
        report = issuer.check(issuer.token(**{name: "other"}))
        assert report["reason"] == "wrong_claims" and report["detail"].startswith(f"{name} is not "), name
    for scope in issuer.asked("--scope"):
        name = (issuer.asked("--scope-claim") or ["scope"])[0]
        report = issuer.check(issuer.token(**{name: f"x{scope} {scope}x"}))
        assert (report["reason"], report["detail"]) == ("insufficient_scope", f"{name} does not grant {scope}")


def test_another_type_is_named(issuer):
    wanted = issuer.asked("--typ")[0]
    report = issuer.check(issuer.token(header={"typ": "at+jwt"}))
    assert (report["reason"], report["detail"]) == ("malformed", f"typ of the header is not {wanted}")


def test_times_are_held_against_the_clock(issuer):
    now = int(time.time())
    assert issuer.check(issuer.token(exp=now - 1, iat=now - 60))["reason"] == "expired"
    assert issuer.check(issuer.token(iat=now + 60))["detail"].startswith("iat is in the future")
    assert "s after iat" in issuer.check(issuer.token(exp=now + 90_000))["detail"]


def test_a_set_that_cannot_be_trusted_is_one_line(issuer):
    secret = OctKey.import_key(b"0" * 32, {"kid": "secret"}).as_dict(private=True)
    for keys, words in [
        ([], "empty JWK Set"), (issuer.set[1:2], "without a key for"), ([issuer.set[2]] * 2, "two keys of the kid"),
        ([*issuer.set, secret], "secrets and other keys"),
    ]:
        message = issuer.check(issuer.token(), keys=keys)
        assert message.startswith("authbench: --key: the file is ") and words in message and message.count("\n") == 1
