"""Opening what was sealed and signed with other people's libraries: jwcrypto, joserfc, cryptography, jose on
Node, and a plain JDK.

In: JWE and JWS as they were collected, private keys as JWK. Out: plaintext bytes. Nothing of the gateway's
own code takes part.
"""

import hashlib
import json
import os
import shutil
import subprocess
import warnings
from pathlib import Path

import joserfc.jwe
import joserfc.jws
import joserfc.jwk
import jwcrypto.jwe
import jwcrypto.jwk
import jwcrypto.jws
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from folder import b64u, parse

# RFC 9864 prefers `Ed25519` as name of what RFC 8037 and most readers still call `EdDSA`.
warnings.filterwarnings("ignore", message="EdDSA is deprecated")
# joserfc stops at 64 KB of ciphertext unless its registry is told otherwise.
BYTES_MAX = 16 << 20
WRAPPED = ["ECDH-ES+A256KW", "A256GCM"]
DIRECT = ["dir", "A256GCM"]


def registry(algorithms):
    """joserfc's rules, with room for the largest message and for segments of attachments."""
    rules = joserfc.jwe.JWERegistry(algorithms=algorithms)
    rules.max_ciphertext_length = BYTES_MAX
    return rules


def jwcrypto_open(jwe, jwk):
    """Opens any serialisation with a private or symmetric key."""
    token = jwcrypto.jwe.JWE(algs=WRAPPED + DIRECT)
    token.deserialize(jwe, jwcrypto.jwk.JWK(**jwk))
    return token.payload


def joserfc_open(jwe, jwk):
    """Opens a flattened JWE with a private key."""
    kind = joserfc.jwk.ECKey if jwk["kty"] == "EC" else joserfc.jwk.OKPKey
    key = kind.import_key(jwk)
    return joserfc.jwe.decrypt_json(parse(jwe), key, registry=registry(WRAPPED)).plaintext


def hpke_open(jwe, jwk):
    """Opens a flattened JWE with an X-Wing key, by the HPKE of cryptography; no JOSE library has it yet."""
    jwe = parse(jwe)
    enc = parse(b64u(jwe["protected"]))["enc"]
    if jwe["header"]["alg"] != jwk["alg"] or enc != "A256GCM":
        raise ValueError("another profile")
    expanded = hashlib.shake_256(b64u(jwk["priv"])).digest(96)
    key = hpke.MLKEM768X25519PrivateKey(
        mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        x25519.X25519PrivateKey.from_private_bytes(expanded[64:]),
    )
    suite = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.SHAKE256, hpke.AEAD.AES_256_GCM)
    wrapped = b64u(jwe["header"]["ek"]) + b64u(jwe["encrypted_key"])
    content_key = suite.decrypt(wrapped, key, b"JOSE-HPKE rcpt\xff" + enc.encode() + b"\xff")
    aad = f"{jwe['protected']}.{jwe['aad']}".encode()
    return AESGCM(content_key).decrypt(b64u(jwe["iv"]), b64u(jwe["ciphertext"]) + b64u(jwe["tag"]), aad)


def joserfc_open_compact(jwe, jwk):
    """Opens a compact JWE with a symmetric key."""
    key = joserfc.jwk.OctKey.import_key(jwk)
    return joserfc.jwe.decrypt_compact(jwe, key, registry=registry(DIRECT)).plaintext


def jwcrypto_verify(jws, jwk):
    """The payload of a compact JWS, if this key signed it."""
    token = jwcrypto.jws.JWS()
    token.allowed_algs = ["EdDSA"]
    token.deserialize(jws, jwcrypto.jwk.JWK(**jwk))
    return token.payload


def joserfc_verify(jws, jwk):
    """The same by joserfc."""
    key = joserfc.jwk.OKPKey.import_key({name: jwk[name] for name in ("kty", "crv", "x")})
    return joserfc.jws.deserialize_compact(jws, key, algorithms=["EdDSA"]).payload


class Node:
    """The npm package jose; `missing` says why it cannot be asked."""

    name = "jose on Node"

    def __init__(self):
        self.module = Path(os.environ.get("PORTCULLIS_JOSE", "")) / "node_modules" / "jose"
        self.missing = None
        if not shutil.which("node"):
            self.missing = "there is no node"
        elif not self.module.is_dir():
            self.missing = "PORTCULLIS_JOSE names no folder with the npm package jose"

    def ask(self, jobs):
        """Does all jobs in one process, in their order; see open.mjs. Each answer is `{"sha256"}` of the
        plaintext, or `{"fault"}`."""
        script = Path(__file__).with_name("open.mjs")
        done = subprocess.run(
            ["node", script, self.module], input=json.dumps(jobs).encode(), stdout=subprocess.PIPE, check=True
        )
        return json.loads(done.stdout)


class Jdk:
    """javax.crypto and nothing else; `missing` says why it cannot be asked."""

    name = "a plain JDK"

    def __init__(self):
        # What runs a source file is part of the compiler, and comes with it.
        there = shutil.which("java") and shutil.which("javac")
        self.missing = None if there else "there is no JDK"

    def ask(self, jobs):
        """As `Node.ask`; see Reader.java."""
        script = Path(__file__).with_name("Reader.java")
        lines = "".join(f"{job_line(job)}\n" for job in jobs)
        done = subprocess.run(["java", script], input=lines.encode(), stdout=subprocess.PIPE, check=True)
        answers = done.stdout.decode().splitlines()
        return [{"fault": one} if one.startswith("fault ") else {"sha256": one} for one in answers]


def job_line(job):
    if "lines" in job:
        return f"lines {job['key']['k']} {job['lines']}"
    jwe = parse(Path(job["file"]).read_text())
    header, epk = jwe["header"], jwe["header"]["epk"]
    words = ["copy", epk["crv"], job["key"]["d"], epk["x"], epk.get("y", "-")]
    words += [header[name] for name in ("alg", "apu", "apv")]
    words += [jwe[name] for name in ("encrypted_key", "protected", "aad", "iv", "ciphertext", "tag")]
    return " ".join(words)
