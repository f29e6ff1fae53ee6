//! The recipient's side by GnuPG: `gpgsm`, the S/MIME half of it.

use std::{
    io::Write as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::post::{Post, object, output};

/// Decrypts and verifies, with a home of its own.
pub fn open(post: &Post, mail: &[u8]) -> Option<Vec<u8>> {
    let home = Home::new(post);
    let _trusted = home.run(&["--import", text(&post.file("ca.crt", &post.authority.certificate))])?;
    home.take_own_key(post)?;
    let signed = home.run(&["--decrypt", text(&post.file("object.der", object(mail)))])?;
    let content = post.file("content", []);
    let signed = post.file("object.der", object(&signed));
    let _verified = home.run(&["--yes", "--output", text(&content), "--verify", text(&signed)])?;
    Some(std::fs::read(content).unwrap())
}

/// A folder for GnuPG's keys, and the agent that it starts there.
struct Home(PathBuf);

impl Home {
    fn new(post: &Post) -> Self {
        let home = post.folder("gnupg");
        std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::write(home.join("gpg-agent.conf"), "allow-loopback-pinentry\n").unwrap();
        let mut command = Command::new("openssl");
        command.args(["x509", "-noout", "-fingerprint", "-sha1", "-in"]);
        command.arg(post.file("ca.crt", &post.authority.certificate));
        let printed = String::from_utf8(output(command).unwrap()).unwrap();
        let fingerprint = printed.trim().split('=').nth(1).unwrap().to_owned();
        std::fs::write(home.join("trustlist.txt"), format!("{fingerprint} S relax\n")).unwrap();
        // By itself `gpgsm` would start the agent and give up on it after five seconds, which a busy machine
        // may need. This returns once the agent listens.
        let mut agent = Command::new("gpg-agent");
        agent.arg("--daemon").env("GNUPGHOME", &home).stdin(Stdio::null());
        assert!(agent.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
        Self(home)
    }

    /// Imports the recipient's key and certificate.
    ///
    /// Version 2.2 derives the wrong key from about one salt in a hundred: where an intermediate sum of RFC 7292
    /// B.2 begins with a zero byte, it drops that byte. So a file that it does not take is written again, with
    /// another salt. The forms of PKCS#12 that it reads are those of its time. It crashes on a key that is on an
    /// elliptic curve, whatever the salt.
    fn take_own_key(&self, post: &Post) -> Option<()> {
        let old = ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"];
        (0..4).find_map(|_| self.run(&["--import", text(&post.pkcs12(&old))])).map(drop)
    }

    fn run(&self, arguments: &[&str]) -> Option<Vec<u8>> {
        let mut command = Command::new("gpgsm");
        // The moment of sealing; without it the test would fail once its certificates have ended.
        command.args(["--batch", "--no-tty", "--quiet", "--faked-system-time", "20261120T093000"]);
        command.args(["--disable-crl-checks", "--disable-dirmngr", "--pinentry-mode", "loopback"]);
        command.args(["--passphrase-fd", "0"]).args(arguments).env("GNUPGHOME", &self.0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It may end without having asked for the passphrase.
        let _ = writeln!(child.stdin.take().unwrap(), "{}", Post::PASSPHRASE);
        let output = child.wait_with_output().unwrap();
        if !output.status.success() {
            // Why, beside the matrix.
            let told = String::from_utf8_lossy(&output.stderr);
            let mut talk = std::io::stderr().lock();
            let _ = writeln!(talk, "gpgsm {arguments:?}: {told}");
        }
        output.status.success().then_some(output.stdout)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let mut command = Command::new("gpgconf");
        let _ = command.args(["--kill", "all"]).env("GNUPGHOME", &self.0).status();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
