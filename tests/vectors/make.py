"""Makes the vectors beside this file anew, with other people's software: jwcrypto for the key agreements,
`cryptography` for HPKE with X-Wing. Nothing of the gateway's own code takes part.

    python tests/vectors/make.py tests/vectors

Each file holds a private key that protects nothing, a copy, and what comes of opening it: `plaintext` or
`fault`. The name of a refused one says what is wrong with it. The examples of RFC 7520, which are sound and of
no profile of ours, are not made here.
"""

import copy as copies
import hashlib
import json
import os
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from jwcrypto import jwe, jwk

TEXT = '{"statement":"none","message":"what was posted","attachments":[]}'
PROTECTED = {"enc": "A256GCM", "typ": "portcullis-sealed+jwe", "cty": "application/portcullis-sealed+json"}
AAD = '{"message_id":"01989000-0000-7000-8000-000000000001"}'
SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.SHAKE256, hpke.AEAD.AES_256_GCM)
INFO = b"JOSE-HPKE rcpt\xffA256GCM\xff"
FORM, UNOPENED, ANOTHER_KEY = "form", "unopened", "another-key"


def b64(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def agreed(kty, crv, kid, alg="ECDH-ES+A256KW", protected=None):
    """A key pair and a copy sealed to it by jwcrypto."""
    key = jwk.JWK.generate(kty=kty, crv=crv, kid=kid)
    header = {"alg": alg, "kid": kid, "apu": b64(b"gateway.example"), "apv": b64(kid.encode())}
    algs = [alg, "A256GCM", "A256CBC-HS512"]
    token = jwe.JWE(TEXT.encode(), compact(protected or PROTECTED), aad=AAD, algs=algs)
    token.add_recipient(key, compact(header))
    made = json.loads(token.serialize())
    order = ("protected", "header", "encrypted_key", "aad", "iv", "ciphertext", "tag")
    return key.export(as_dict=True), {name: made[name] for name in order}


def x_wing(kid, alg="HPKE-10-KE"):
    """The same with X-Wing."""
    seed = os.urandom(32)
    expanded = hashlib.shake_256(seed).digest(96)
    kem = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
    dh = x25519.X25519PrivateKey.from_private_bytes(expanded[64:])
    public = kem.public_key().public_bytes_raw() + dh.public_key().public_bytes_raw()
    to = hpke.MLKEM768X25519PublicKey(kem.public_key(), dh.public_key())
    content_key, iv = os.urandom(32), os.urandom(12)
    wrapped = SUITE.encrypt(content_key, to, INFO)
    protected, aad = b64(compact(PROTECTED).encode()), b64(AAD.encode())
    sealed = AESGCM(content_key).encrypt(iv, TEXT.encode(), f"{protected}.{aad}".encode())
    made = {
        "protected": protected,
        "header": {"alg": alg, "kid": kid, "ek": b64(wrapped[:1120])},
        "encrypted_key": b64(wrapped[1120:]),
        "aad": aad,
        "iv": b64(iv),
        "ciphertext": b64(sealed[:-16]),
        "tag": b64(sealed[-16:]),
    }
    return {"kty": "AKP", "kid": kid, "alg": alg, "pub": b64(public), "priv": b64(seed)}, made


def flipped(text, at=0):
    data = bytearray(unb64(text))
    data[at] ^= 1
    return b64(bytes(data))


class Folder:
    def __init__(self, path):
        self.path = path

    def opens(self, name, key, made):
        self.write("opens", name, {"key": key, "copy": made, "plaintext": TEXT})

    def refused(self, name, key, made, fault, change=None):
        """Writes a copy after a change to it."""
        made = copies.deepcopy(made)
        if change:
            change(made)
        self.write("refused", name, {"key": key, "copy": made, "fault": fault})

    def write(self, folder, name, vector):
        path = self.path / folder / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(vector, indent=1) + "\n")


def put(*path, value):
    """A change that puts a value at a place."""

    def change(made):
        for name in path[:-1]:
            made = made[name]
        if callable(value):
            made[path[-1]] = value(made[path[-1]])
        else:
            made[path[-1]] = value

    return change


def without(name):
    return lambda made: made.pop(name)


def reprotected(**members):
    """A change of the protected header; without the content key nobody can authenticate it anew."""
    changed = {**PROTECTED, **members}
    changed = {name: value for name, value in changed.items() if value is not None}
    return put("protected", value=b64(compact(changed).encode()))


def of_any_kind(out, name, key, made):
    """Faults that each profile can have."""
    for part in ("ciphertext", "tag", "iv", "encrypted_key"):
        out.refused(f"{name}-{part.replace('_', '-')}-flipped", key, made, UNOPENED, put(part, value=flipped))
    other = b64(AAD.replace("01989000", "01989001").encode())
    out.refused(f"{name}-aad-of-another-message", key, made, UNOPENED, put("aad", value=other))
    out.refused(f"{name}-kid-of-another", key, made, ANOTHER_KEY, put("header", "kid", value="other-1"))
    short = put("encrypted_key", value=lambda text: b64(unb64(text)[:-8]))
    out.refused(f"{name}-encrypted-key-short", key, made, UNOPENED, short)
    out.refused(f"{name}-iv-short", key, made, FORM, put("iv", value=lambda text: b64(unb64(text)[:-1])))
    out.refused(f"{name}-tag-short", key, made, FORM, put("tag", value=lambda text: b64(unb64(text)[:-4])))
    # The name of the post-quantum algorithm is the key's, so that another one is another key's.
    another = UNOPENED if name == "x-wing" else FORM
    out.refused(f"{name}-alg-dir", key, made, another, put("header", "alg", value="dir"))
    out.refused(f"{name}-crit-unprotected", key, made, FORM, put("header", "crit", value=["exp"]))
    out.refused(f"{name}-zip-protected", key, made, FORM, reprotected(zip="DEF"))
    out.refused(f"{name}-enc-128", key, made, FORM, reprotected(enc="A128GCM"))
    out.refused(f"{name}-typ-of-another", key, made, UNOPENED, reprotected(typ="portcullis-audit+jwe"))


def main(path):
    out = Folder(Path(path))
    p256, to_p256 = agreed("EC", "P-256", "p-256-1")
    other_p256, to_other = agreed("EC", "P-256", "p-256-1")
    okp, to_okp = agreed("OKP", "X25519", "x25519-1")
    akp, to_akp = x_wing("x-wing-1")
    for name, key, made in [("p-256", p256, to_p256), ("x25519", okp, to_okp), ("x-wing", akp, to_akp)]:
        out.opens(name, key, made)
        of_any_kind(out, name, key, made)
    renamed, to_renamed = x_wing("x-wing-2", alg="HPKE-99-KE")
    out.opens("x-wing-under-another-alg", renamed, to_renamed)
    out.refused("x-wing-alg-not-of-the-key", renamed, to_renamed, UNOPENED, put("header", "alg", value="HPKE-10-KE"))

    out.refused("p-256-another-key-of-the-same-name", p256, to_other, UNOPENED)
    swapped = put("encrypted_key", value=to_other["encrypted_key"])
    out.refused("p-256-encrypted-key-of-another-copy", p256, to_p256, UNOPENED, swapped)
    out.refused("p-256-epk-not-on-the-curve", p256, to_p256, UNOPENED, put("header", "epk", "y", value=flipped))
    out.refused("p-256-epk-of-another-curve", p256, to_p256, FORM, put("header", "epk", "crv", value="P-384"))
    out.refused("p-256-epk-with-private-part", p256, to_p256, FORM, put("header", "epk", "d", value="AA"))
    out.refused("p-256-apu-flipped", p256, to_p256, UNOPENED, put("header", "apu", value=flipped))
    out.refused("p-256-apv-flipped", p256, to_p256, UNOPENED, put("header", "apv", value=flipped))
    out.refused("p-256-no-epk", p256, to_p256, FORM, lambda made: made["header"].pop("epk"))
    out.refused("p-256-ek-beside-epk", p256, to_p256, FORM, put("header", "ek", value="AA"))
    out.refused("p-256-copy-of-x25519", p256, to_okp, UNOPENED, put("header", "kid", value="p-256-1"))
    out.refused("p-256-no-tag", p256, to_p256, FORM, without("tag"))
    out.refused("p-256-no-aad", p256, to_p256, FORM, without("aad"))
    out.refused("p-256-padding-in-base64url", p256, to_p256, FORM, put("iv", value=lambda text: text + "="))
    trailing = put("tag", value=lambda text: text[:-1] + chr(ord(text[-1]) + 1))
    out.refused("p-256-trailing-bits-in-base64url", p256, to_p256, FORM, trailing)
    out.refused("p-256-unprotected-header", p256, to_p256, FORM, put("unprotected", value={"enc": "A256GCM"}))
    general = {name: to_p256[name] for name in ("protected", "aad", "iv", "ciphertext", "tag")}
    general["recipients"] = [{"header": to_p256["header"], "encrypted_key": to_p256["encrypted_key"]}]
    out.refused("p-256-general-serialisation", p256, general, FORM)
    for alg, enc in [("ECDH-ES+A128KW", "A256GCM"), ("ECDH-ES+A256KW", "A256CBC-HS512")]:
        key, made = agreed("EC", "P-256", "p-256-2", alg, {**PROTECTED, "enc": enc})
        out.refused(f"p-256-weaker-{(alg + '-' + enc).lower().replace('+', '-')}", key, made, FORM)

    out.refused("x25519-epk-of-low-order", okp, to_okp, UNOPENED, put("header", "epk", "x", value=b64(bytes(32))))
    out.refused("x25519-epk-flipped", okp, to_okp, UNOPENED, put("header", "epk", "x", value=flipped))
    out.refused("x25519-epk-with-y", okp, to_okp, FORM, put("header", "epk", "y", value=b64(bytes(32))))
    out.refused("x-wing-ek-flipped", akp, to_akp, UNOPENED, put("header", "ek", value=flipped))
    second_half = put("header", "ek", value=lambda text: flipped(text, 1100))
    out.refused("x-wing-ek-x25519-half-flipped", akp, to_akp, UNOPENED, second_half)
    out.refused("x-wing-ek-short", akp, to_akp, UNOPENED, put("header", "ek", value=lambda text: b64(unb64(text)[:-1])))
    beside = lambda made: made["header"].update(epk=to_okp["header"]["epk"], apu="", apv="")
    out.refused("x-wing-classical-epk-beside-ek", akp, to_akp, FORM, beside)
    mixed = {**akp, "priv": renamed["priv"]}
    out.refused("x-wing-private-half-of-another-key", mixed, to_akp, "key")
    out.refused("p-256-private-half-of-another-key", {**p256, "d": other_p256["d"]}, to_p256, "key")


if __name__ == "__main__":
    main(*sys.argv[1:])
