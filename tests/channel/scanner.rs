//! The scanner against a real clamd, and against servers that break off, lie or are silent.

use portcullis::{
    channel::scanner::{ScanFault, Scanner, Verdict},
    config::{self, ScannerAddress},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    LONG, SHORT,
    archive::docx,
    clamd::{BYTES_MAX, Clamd, SIGNATURE, eicar},
    peers::{nobody, serve_one},
};

/// Shows a file, a piece at a time.
async fn scan(scanner: &Scanner, pieces: &[&[u8]]) -> Result<Verdict, ScanFault> {
    let mut scan = scanner.begin().await?;
    for piece in pieces {
        scan.push(piece).await?;
    }
    scan.finish().await
}

#[tokio::test]
async fn clean_files_pass_and_eicar_is_found_however_it_is_packed_and_cut() {
    for clamd in [Clamd::start().await, Clamd::start_tcp().await] {
        let scanner = clamd.scanner();
        let (eicar, packed) = (eicar(), docx("word/media/image1.png", &eicar()));
        let (first, second) = eicar.split_at(20);
        let empty = docx("word/media/image1.png", b"");
        for clean in [&[&b"a plain note"[..]][..], &[b"a", b"", b"b"], &[], &[b""], &[&empty]] {
            assert_eq!(scan(&scanner, clean).await.unwrap(), Verdict::Clean, "{clean:?}");
        }
        let found = Verdict::Found(SIGNATURE.into());
        for infected in [&[&*eicar][..], &[first, b"", second], &[&packed]] {
            assert_eq!(scan(&scanner, infected).await.unwrap(), found, "{} pieces", infected.len());
        }
    }
}

#[tokio::test]
async fn the_longest_file_is_scanned_and_a_longer_one_gets_no_verdict() {
    let clamd = Clamd::start().await;
    let zeros = vec![0; BYTES_MAX];
    assert_eq!(scan(&clamd.scanner(), &[&zeros]).await.unwrap(), Verdict::Clean);
    let longer = scan(&clamd.scanner(), &[&zeros, b"x"]).await.unwrap_err();
    assert!(matches!(longer, ScanFault::TooLarge), "{longer}");
    let much_longer = scan(&clamd.scanner(), &[&zeros, &zeros, &zeros]).await.unwrap_err();
    assert!(matches!(much_longer, ScanFault::TooLarge | ScanFault::Broken(_)), "{much_longer}");
}

#[tokio::test]
async fn a_scanner_that_is_not_there_gives_no_verdict() {
    let mut clamd = Clamd::start().await;
    clamd.scanner().ping().await.unwrap();
    clamd.halt();
    for scanner in [clamd.scanner(), at(nobody().await)] {
        assert!(matches!(scanner.ping().await, Err(ScanFault::Connect { .. })));
        assert!(matches!(scan(&scanner, &[b"a"]).await, Err(ScanFault::Connect { .. })));
    }
}

#[tokio::test]
async fn a_scanner_that_dies_with_a_file_in_its_hands_gives_no_verdict() {
    let mut clamd = Clamd::start().await;
    let mut scan = clamd.scanner().begin().await.unwrap();
    scan.push(b"the first half").await.unwrap();
    clamd.halt();
    assert!(matches!(scan.finish().await, Err(ScanFault::Broken(_))));
}

fn at(address: std::net::SocketAddr) -> Scanner {
    let address = Some(ScannerAddress::Tcp(address));
    Scanner::new(&config::Scanner { address, timeout: SHORT }).unwrap()
}

/// A server that takes one file and answers so.
async fn answering(answer: &'static [u8]) -> Scanner {
    let serve = async move |mut stream: TcpStream| {
        let mut taken = vec![0; b"zINSTREAM\0".len() + 4 + 1 + 4];
        stream.read_exact(&mut taken).await.unwrap();
        assert_eq!(taken, b"zINSTREAM\0\0\0\0\x01a\0\0\0\0");
        stream.write_all(answer).await.unwrap();
    };
    at(serve_one(serve).await.0)
}

#[tokio::test]
async fn whatever_is_not_plainly_a_verdict_is_none() {
    assert_eq!(scan(&answering(b"stream: OK\0").await, &[b"a"]).await.unwrap(), Verdict::Clean);
    for answer in
        [&b"OK\0"[..], b"stream: read ERROR\0", b"UNKNOWN COMMAND\0", b"\0", b"HTTP/1.1 200 OK\r\n\0"]
    {
        let told = scan(&answering(answer).await, &[b"a"]).await;
        assert!(matches!(told, Err(ScanFault::NoVerdict)), "{told:?}");
    }
    for answer in [&b""[..], b"stream: OK", &[b'x'; 10_000]] {
        let told = scan(&answering(answer).await, &[b"a"]).await;
        assert!(matches!(told, Err(ScanFault::Broken(_))), "{told:?}");
    }
}

/// What a network does to an answer says nothing about the file.
#[tokio::test]
async fn an_answer_that_comes_in_pieces_is_read_to_its_end() {
    for (pieces, verdict) in [
        ([&b"stream: OK"[..], b"\0"], Verdict::Clean),
        ([b"stream: OK", b" no, Eicar-Custom FOUND\0"], Verdict::Found("OK".into())),
        ([b"stre", b"am: Eicar-Custom FOUND\0"], Verdict::Found("Eicar-Custom".into())),
    ] {
        let serve = async move |mut stream: TcpStream| {
            stream.set_nodelay(true).unwrap();
            let mut taken = vec![0; b"zINSTREAM\0".len() + 4 + 1 + 4];
            stream.read_exact(&mut taken).await.unwrap();
            for piece in pieces {
                stream.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        assert_eq!(scan(&at(serve_one(serve).await.0), &[b"a"]).await.unwrap(), verdict);
    }
}

#[tokio::test]
async fn a_scanner_that_is_silent_is_not_waited_for() {
    let serve = async |mut stream: TcpStream| {
        let mut taken = Vec::new();
        stream.read_to_end(&mut taken).await.unwrap();
    };
    let told = tokio::time::timeout(LONG, scan(&at(serve_one(serve).await.0), &[b"a"])).await.unwrap();
    assert!(matches!(told, Err(ScanFault::Timeout)), "{told:?}");
    // One that stops reading: what a socket holds is soon full.
    let serve = async |stream: TcpStream| {
        std::future::pending::<()>().await;
        drop(stream);
    };
    let scanner = at(serve_one(serve).await.0);
    let told = tokio::time::timeout(LONG, scan(&scanner, &[&vec![0; 64 << 20]])).await.unwrap();
    assert!(matches!(told, Err(ScanFault::Timeout)), "{told:?}");
}
