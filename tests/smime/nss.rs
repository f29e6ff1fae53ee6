//! The recipient's side by NSS, the library behind Thunderbird: `cmsutil` of Debian's libnss3-tools.

use std::{path::Path, process::Command};

use crate::post::{Post, object, output};

/// Decrypts and verifies, with a certificate store of its own.
pub fn open(post: &Post, mail: &[u8]) -> Option<Vec<u8>> {
    let store = post.folder("nss");
    let _new = run(&store, "certutil", &["-N", "--empty-password"])?;
    let authority = post.file("ca.crt", &post.authority.certificate);
    // Trusted for mail and for nothing else.
    let _trusted =
        run(&store, "certutil", &["-A", "-n", "authority", "-t", ",C,", "-a", "-i", text(&authority)])?;
    let key = post.pkcs12(&[]);
    let _own = run(&store, "pk12util", &["-i", text(&key), "-W", Post::PASSPHRASE])?;
    let signed = decode(post, &store, &object(mail))?;
    // A signature that does not verify is an error; NSS judges it at its signing time.
    decode(post, &store, &object(&signed))
}

fn decode(post: &Post, store: &Path, der: &[u8]) -> Option<Vec<u8>> {
    let input = post.file("object.der", der);
    run(store, "cmsutil", &["-D", "-i", text(&input)])
}

fn run(store: &Path, program: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let mut command = Command::new(program);
    command.args(arguments).arg("-d").arg(format!("sql:{}", text(store)));
    output(command)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
