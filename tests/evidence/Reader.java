// Opens sealed copies and attachments with what every JDK from 17 on has, and nothing else.
//
// In, on stdin: a job each line, words with a space between, `-` for none. The JDK reads no JSON, so that is
// done before; everything that is computed is computed here.
//   copy CRV D EPK_X EPK_Y ALG APU APV ENCRYPTED_KEY PROTECTED AAD IV CIPHERTEXT TAG   a flattened JWE
//   lines K FILE                                                          compact JWEs, one each line
// Out: for each job the SHA-256 of its plaintext in hex, or `fault` and the class of what was thrown.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.XECPrivateKeySpec;
import java.security.spec.XECPublicKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

public class Reader {
    public static void main(String[] arguments) throws Exception {
        var jobs = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String job; (job = jobs.readLine()) != null; ) {
            String answer;
            try {
                answer = HexFormat.of().formatHex(job.startsWith("copy ") ? copy(job.split(" ")) : lines(job.split(" ", 3)));
            } catch (Exception fault) {
                answer = "fault " + fault.getClass().getSimpleName();
            }
            System.out.println(answer);
        }
    }

    static byte[] bytes(String base64url) {
        return Base64.getUrlDecoder().decode(base64url);
    }

    static byte[] copy(String[] job) throws Exception {
        byte[] z = job[1].equals("P-256") ? p256(job) : x25519(job);
        Key kek = new SecretKeySpec(concatKdf(z, job[5], bytes(job[6]), bytes(job[7])), "AES");
        Cipher wrap = Cipher.getInstance("AESWrap");
        wrap.init(Cipher.UNWRAP_MODE, kek);
        Key contentKey = wrap.unwrap(bytes(job[8]), "AES", Cipher.SECRET_KEY);
        // RFC 7516 §5.1, step 14: with `aad` both are authenticated, as they stand.
        byte[] aad = (job[9] + "." + job[10]).getBytes(StandardCharsets.US_ASCII);
        return MessageDigest.getInstance("SHA-256").digest(decrypted(contentKey, aad, job[11], job[12], job[13]));
    }

    static byte[] lines(String[] job) throws Exception {
        Key key = new SecretKeySpec(bytes(job[1]), "AES");
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (String line : Files.readAllLines(Path.of(job[2]), StandardCharsets.US_ASCII)) {
            String[] parts = line.split("\\.", -1);
            byte[] header = parts[0].getBytes(StandardCharsets.US_ASCII);
            digest.update(decrypted(key, header, parts[2], parts[3], parts[4]));
        }
        return digest.digest();
    }

    static byte[] decrypted(Key key, byte[] aad, String iv, String ciphertext, String tag)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(128, bytes(iv)));
        cipher.updateAAD(aad);
        byte[] sealed = bytes(ciphertext);
        return cipher.doFinal(ByteBuffer.allocate(sealed.length + 16).put(sealed).put(bytes(tag)).array());
    }

    static byte[] p256(String[] job) throws GeneralSecurityException {
        AlgorithmParameters named = AlgorithmParameters.getInstance("EC");
        named.init(new ECGenParameterSpec("secp256r1"));
        ECParameterSpec curve = named.getParameterSpec(ECParameterSpec.class);
        KeyFactory keys = KeyFactory.getInstance("EC");
        PrivateKey own = keys.generatePrivate(new ECPrivateKeySpec(new BigInteger(1, bytes(job[2])), curve));
        ECPoint point = new ECPoint(new BigInteger(1, bytes(job[3])), new BigInteger(1, bytes(job[4])));
        return agreed("ECDH", own, keys.generatePublic(new ECPublicKeySpec(point, curve)));
    }

    static byte[] x25519(String[] job) throws GeneralSecurityException {
        KeyFactory keys = KeyFactory.getInstance("X25519");
        PrivateKey own = keys.generatePrivate(new XECPrivateKeySpec(NamedParameterSpec.X25519, bytes(job[2])));
        // Little-endian (RFC 7748 §5), which BigInteger is not.
        byte[] little = bytes(job[3]);
        byte[] big = new byte[little.length];
        for (int i = 0; i < little.length; i++) {
            big[i] = little[little.length - 1 - i];
        }
        XECPublicKeySpec point = new XECPublicKeySpec(NamedParameterSpec.X25519, new BigInteger(1, big));
        return agreed("X25519", own, keys.generatePublic(point));
    }

    static byte[] agreed(String algorithm, PrivateKey own, PublicKey ephemeral) throws GeneralSecurityException {
        KeyAgreement agreement = KeyAgreement.getInstance(algorithm);
        agreement.init(own);
        agreement.doPhase(ephemeral, true);
        return agreement.generateSecret();
    }

    /** RFC 7518 §4.6.2, for 256 bits: one round of SHA-256. */
    static byte[] concatKdf(byte[] z, String alg, byte[] apu, byte[] apv) throws GeneralSecurityException {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(number(1));
        digest.update(z);
        for (byte[] part : new byte[][] {alg.getBytes(StandardCharsets.US_ASCII), apu, apv}) {
            digest.update(number(part.length));
            digest.update(part);
        }
        digest.update(number(256));
        return digest.digest();
    }

    static byte[] number(int number) {
        return ByteBuffer.allocate(4).putInt(number).array();
    }
}
