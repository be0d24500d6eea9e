"""Tokens go both ways between authbench and two other libraries, and bad ones are refused by all three."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwt as joserfc
from joserfc.errors import JoseError

from authbench import FORMS as KEY_FORMS
from authbench import KEY_ID, Keys, check, make

ISSUER, AUDIENCE = "https://id.test", "https://api.test"
SUBJECT = "6ba7b810-9dad-41d1-80b4-00000000002a"
FORMS = [("HS256", "raw"), ("HS256", "jwk")] + [
    (alg, form) for alg, forms in KEY_FORMS.items() for form in (*forms, "jwk")
]
ALGORITHMS = {"HS256": ("HS256", "raw")} | {alg: (alg, "pkcs8") for alg in KEY_FORMS}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return Keys(tmp_path_factory.mktemp("keys"))


def from_now(seconds):
    """A moment by the clock of the test that uses it: many run between the reading of this file and theirs."""
    return lambda now: now + seconds


def claims(**changes):
    now = int(time.time())
    changes = {name: value(now) if callable(value) else value for name, value in changes.items()}
    good = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "client_id": "web-app", "scope": "read write",
        "jti": "b5b8a0c2", "iat": now, "nbf": now, "exp": now + 600, "auth_time": now,
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def header(alg, **changes):
    return {"alg": alg, "kid": KEY_ID, "typ": "at+jwt"} | changes


def encode_pyjwt(keys, alg, payload):
    return jwt.encode(payload, keys.signing(alg), algorithm=alg, headers=header(alg))


def encode_joserfc(keys, alg, payload):
    return joserfc.encode(header(alg), payload, keys.jwk[alg], algorithms=[alg])


def decode_pyjwt(keys, alg, token):
    required = {"require": ["exp", "iat", "iss", "aud", "sub", "jti"]}
    return jwt.decode(token, keys.verifying(alg), algorithms=[alg], audience=AUDIENCE, issuer=ISSUER, options=required)


def decode_joserfc(keys, alg, token):
    decoded = joserfc.decode(token, keys.jwk[alg], algorithms=[alg])
    registry = joserfc.JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}, exp={"essential": True}
    )
    registry.validate(decoded.claims)
    return decoded.claims


ENCODERS = {"pyjwt": encode_pyjwt, "joserfc": encode_joserfc}
DECODERS = {"pyjwt": decode_pyjwt, "joserfc": decode_joserfc}
# What the two raise for a token that they refuse; any other exception is a fault of the test.
REFUSALS = (jwt.InvalidTokenError, JoseError, ValueError)


@pytest.mark.parametrize("alg, form", FORMS)
@pytest.mark.parametrize("library", ENCODERS)
def test_authbench_accepts_what_the_library_makes(keys, library, alg, form):
    payload = claims()
    token = ENCODERS[library](keys, alg, payload)
    for file in keys.files[alg, form]:
        report = check(token, "--alg", alg, "--key", file)
        assert report == {"decision": "accepted", "reason": None, "detail": None, "subject": 42, "claims": payload}
    assert check(f"Authorization: Bearer {token}\r\n", "--alg", alg, "--key", file)["decision"] == "accepted"


@pytest.mark.parametrize("alg, form", FORMS)
def test_the_libraries_accept_what_authbench_makes(keys, alg, form):
    private, public = keys.files[alg, form]
    token = make("--alg", alg, "--key", private, "--subject", "42", "--scope", "read admin", "--lifetime", "90")
    read = {library: decode(keys, alg, token) for library, decode in DECODERS.items()}
    own = check(token, "--alg", alg, "--key", public, "--scope", "admin")["claims"]
    assert read == {"pyjwt": own, "joserfc": own}
    assert own == claims(
        scope="read admin", jti=own["jti"], iat=own["iat"], nbf=own["iat"], exp=own["iat"] + 90, auth_time=own["iat"]
    )
    assert jwt.get_unverified_header(token) == header(alg)


def test_the_libraries_read_what_authbench_is_told_to_say(keys, tmp_path):
    tenant = {"name": "Zoë \"x\"", "level": -1.5}
    own = {"roles": ["a", "b"], "tenant": tenant, "admin": None, "https://claims.test/tier": "gold"}
    file = tmp_path / "claims.json"
    file.write_text(json.dumps(own))
    private, public = keys.files["ES256", "jwk"]
    token = make("--alg", "ES256", "--key", private, "--subject", "auth0|5f7c", "--typ", "JWT", "--claims", str(file))
    assert jwt.get_unverified_header(token) == header("ES256", typ="JWT")
    read = {library: decode(keys, "ES256", token) for library, decode in DECODERS.items()}
    assert read["pyjwt"] == read["joserfc"] and read["pyjwt"]["sub"] == "auth0|5f7c"
    assert {name: read["pyjwt"][name] for name in own} == own
    report = check(token, "--alg", "ES256", "--key", public, "--typ", "JWT", "--require", "roles=b")
    assert report["decision"] == "accepted" and report["subject"] == "auth0|5f7c" and report["claims"] == read["pyjwt"]


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_the_libraries_read_keys_that_authbench_makes(tmp_path, alg):
    file = tmp_path / "new"
    token = make("--alg", alg, "--new-key", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    key = file.read_bytes()
    if alg != "HS256":
        key = serialization.load_pem_private_key(key, None).public_key()
    assert jwt.decode(token, key, algorithms=[alg], audience=AUDIENCE, issuer=ISSUER)["aud"] == AUDIENCE


@pytest.mark.parametrize("profile", ["tiny", "article", "supabase", "cognito", "keycloak", "roles-4kib"])
def test_the_libraries_verify_specimens_of_every_profile(keys, profile):
    token = make("--alg", "RS256", "--key", keys.files["RS256", "jwk"][0], "--profile", profile)
    unchecked = {"verify_aud": False}
    pyjwt = jwt.decode(token, keys.public, algorithms=["RS256"], options=unchecked)
    assert pyjwt == joserfc.decode(token, keys.jwk["RS256"], algorithms=["RS256"]).claims
    assert check(token, "--alg", "RS256", "--key", keys.files["RS256", "jwk"][1])["reason"] == "malformed"


def refuse(keys, alg, token, reason):
    """All three refuse a token; the key is given to authbench in every form."""
    for (own, _), files in keys.files.items():
        if own == alg:
            assert check(token, "--alg", alg, "--key", files[1])["reason"] == reason
    for library, decode in DECODERS.items():
        with pytest.raises(REFUSALS):
            decode(keys, alg, token)
            pytest.fail(f"{library} accepts it")


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"aud": "https://other.test"}, "wrong_claims"),
        ({"aud": AUDIENCE + "/"}, "wrong_claims"),
        ({"aud": None}, "wrong_claims"),
        ({"iss": "https://id.tes"}, "wrong_claims"),
        ({"iss": None}, "wrong_claims"),
        ({"exp": from_now(-1), "iat": from_now(-60), "nbf": from_now(-60)}, "expired"),
        ({"exp": None}, "wrong_claims"),
        ({"nbf": from_now(300)}, "wrong_claims"),
    ],
)
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_wrong_claims_are_refused_by_all(keys, alg, changes, reason):
    refuse(keys, alg, encode_pyjwt(keys, alg, claims(**changes)), reason)


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def flipped(part):
    """A part with one character in its middle changed, still base64url."""
    middle = len(part) // 2
    return part[:middle] + ("A" if part[middle] != "A" else "B") + part[middle + 1 :]


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_change_in_any_part_is_refused_by_all(keys, alg, part):
    parts = encode_joserfc(keys, alg, claims()).split(".")
    parts[part] = flipped(parts[part])
    refuse(keys, alg, ".".join(parts), "malformed" if part == 0 else "bad_signature")


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_swapped_stripped_and_foreign_signatures_are_refused_by_all(keys, alg):
    head, body, signature = encode_pyjwt(keys, alg, claims()).split(".")
    other = encode_pyjwt(keys, alg, claims(jti="other")).split(".")
    refuse(keys, alg, f"{head}.{other[1]}.{signature}", "bad_signature")
    for token in (f"{head}.{body}.", f"{head}.{body}", f"{head}.{body}.{signature[:-4]}", f"{head}.{body}.{signature}.x"):
        refuse(keys, alg, token, "malformed")


@pytest.mark.parametrize("name", ["none", "None", "NONE"])
@pytest.mark.parametrize("alg", ALGORITHMS)
def test_the_algorithm_none_is_refused_by_all(keys, alg, name):
    _, body, signature = encode_pyjwt(keys, alg, claims()).split(".")
    head = b64(json.dumps(header(name)).encode())
    refuse(keys, alg, f"{head}.{body}.", "malformed")
    refuse(keys, alg, f"{head}.{body}.{signature}", "malformed")


def test_an_hmac_keyed_by_the_public_key_is_refused_by_all(keys):
    signing_input = b64(json.dumps(header("HS256")).encode()) + "." + b64(json.dumps(claims()).encode())
    for (alg, _), (_, public) in keys.files.items():
        if alg == "RS256":
            code = hmac.new(Path(public).read_bytes(), signing_input.encode(), hashlib.sha256).digest()
            refuse(keys, "RS256", f"{signing_input}.{b64(code)}", "malformed")


def test_an_rsa_signature_where_an_hmac_is_due_is_refused_by_all(keys):
    signing_input = b64(json.dumps(header("RS256")).encode()) + "." + b64(json.dumps(claims()).encode())
    signature = keys.rsa.sign(signing_input.encode(), padding.PKCS1v15(), hashes.SHA256())
    refuse(keys, "HS256", f"{signing_input}.{b64(signature)}", "malformed")


def rsa_padding_variants(digest):
    """Blocks that a careless verifier takes for the padding of PKCS #1 v1.5 (RFC 8017 section 9.2) in 256 bytes."""
    sha256 = bytes.fromhex("3031300d060960864801650304020105000420")
    sha1 = bytes.fromhex("3021300906052b0e03021a05000414")
    no_parameters = bytes.fromhex("302f300b0609608648016503040201" + "0420")
    long_length = bytes.fromhex("308131300d060960864801650304020105000420")

    def padded(info, fill=b"\xff", start=b"\x00\x01", end=b"\x00"):
        return start + fill * (256 - len(start) - len(end) - len(info)) + end + info

    good = padded(sha256 + digest)
    return good, {
        "short padding, garbage behind": b"\x00\x01" + b"\xff" * 8 + b"\x00" + sha256 + digest + b"x" * (194),
        "garbage behind the digest": padded(sha256 + digest + b"garbage"),
        "another digest's name": padded(sha1 + digest[:20]),
        "another digest's name, whole digest": padded(sha1 + digest),
        "no parameters": padded(no_parameters + digest),
        "a length in BER": padded(long_length + digest),
        "no digest's name": padded(digest),
        "block type 2": padded(sha256 + digest, start=b"\x00\x02"),
        "block type 0": padded(sha256 + digest, start=b"\x00\x00"),
        "padding that is not FF": padded(sha256 + digest, fill=b"\xfe"),
        "no zero after the padding": padded(sha256 + digest, end=b"\xff"),
        "a digest too short": padded(sha256 + digest[:31]),
        "another digest": padded(sha256 + hashlib.sha256(digest).digest()),
    }


def test_rsa_padding_is_exact(keys):
    """Raw RSA with the live key over blocks of our own; only the exact one verifies."""
    numbers = keys.rsa.private_numbers()
    modulus = numbers.public_numbers.n
    signing_input = b64(json.dumps(header("RS256")).encode()) + "." + b64(json.dumps(claims()).encode())
    good, variants = rsa_padding_variants(hashlib.sha256(signing_input.encode()).digest())

    def decision(number):
        token = f"{signing_input}.{b64(number.to_bytes(256, 'big'))}"
        return check(token, "--alg", "RS256", "--key", keys.files["RS256", "pkcs8"][1])["decision"]

    signature = pow(int.from_bytes(good, "big"), numbers.d, modulus)
    assert decision(signature) == "accepted"
    for name, block in variants.items():
        assert len(block) == 256, name
        assert decision(pow(int.from_bytes(block, "big"), numbers.d, modulus)) == "refused", name
    for number in (0, 1, modulus, modulus - 1, *([signature + modulus] if signature + modulus < 1 << 2048 else [])):
        assert decision(number) == "refused", number
