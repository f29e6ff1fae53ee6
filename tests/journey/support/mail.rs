//! Sealed mail, opened with somebody else's program.

use std::process::Stdio;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use tokio::{io::AsyncWriteExt as _, process::Command};

use super::TestGateway;

/// Decrypts a mail with the agency's key and verifies its signature, both with `openssl`; gives the part
/// `message.json`.
pub async fn message_json(gateway: &TestGateway, agency: &str, mail: &[u8]) -> Vec<u8> {
    part(&opened_mail(gateway, agency, mail).await, "message.json")
}

/// The parts of a mail, opened and checked with `openssl` as its recipient's mail program does.
pub async fn opened_mail(gateway: &TestGateway, agency: &str, mail: &[u8]) -> String {
    let own = gateway.dir.join("agencies").join(agency);
    let mut decrypt = Command::new("openssl");
    decrypt.args(["cms", "-decrypt", "-recip"]).arg(own.join("smime.crt"));
    decrypt.arg("-inkey").arg(own.join("smime.key"));
    let signed = filter(decrypt, mail).await;
    let mut verify = Command::new("openssl");
    verify.args(["cms", "-verify", "-purpose", "any", "-CAfile"]).arg(gateway.dir.join("ca.crt"));
    verify.arg("-signer").arg(gateway.dir.join(SIGNER));
    String::from_utf8(filter(verify, &signed).await).unwrap()
}

/// Where the certificate of the mail that was opened last is put.
pub const SIGNER: &str = "signer-of-the-last-mail.crt";

async fn filter(mut command: Command, input: &[u8]) -> Vec<u8> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let write = async move { stdin.write_all(&input).await };
    let (written, output) = tokio::join!(write, child.wait_with_output());
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    written.unwrap();
    output.stdout
}

/// The content of the part with this file name. Quoted-printable text is only unfolded: what of it is
/// ASCII can be read.
pub fn part(mail: &str, name: &str) -> Vec<u8> {
    let boundary = mail.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
    let marked = format!("filename=\"{name}\"");
    let part = mail.split(&format!("--{boundary}")).find(|part| part.contains(&marked)).unwrap();
    let (headers, body) = part.split_once("\r\n\r\n").unwrap();
    if headers.contains("quoted-printable") {
        return body.replace("=\r\n", "").into_bytes();
    }
    BASE64_STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap()
}
