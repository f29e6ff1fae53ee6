//! What streams in comes out, and nothing else does.

use super::*;

/// A sealed attachment, the third of its message, and its key.
fn sealed(bytes: &[u8], chunk: usize) -> (Vec<u8>, AttachmentKey) {
    let mut sealer = Sealer::new(3, &Random::system()).unwrap();
    let mut file = Vec::new();
    for piece in bytes.chunks(chunk.max(1)) {
        file.extend_from_slice(sealer.push(piece).unwrap().as_bytes());
    }
    let (last, key) = sealer.finish().unwrap();
    file.extend_from_slice(last.as_bytes());
    (file, key)
}

fn lines(file: &[u8]) -> Vec<&[u8]> {
    file.split_inclusive(|byte| *byte == b'\n').collect()
}

#[test]
fn what_streams_in_comes_out_whatever_the_pieces() {
    for (length, chunk) in [
        (0, 1),
        (1, 1),
        (SEGMENT_BYTES, 1000),
        (SEGMENT_BYTES + 1, SEGMENT_BYTES),
        (5 * SEGMENT_BYTES / 2, 70_001),
    ] {
        let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        let (file, key) = sealed(&bytes, chunk);
        assert_eq!(lines(&file).len(), length.div_ceil(SEGMENT_BYTES).max(1));
        assert_eq!(*open(3, &file, &key).unwrap(), bytes);
    }
}

#[test]
fn a_segment_out_of_its_place_and_an_attachment_without_its_end_are_told_apart() {
    use SegmentFault::{Form, Misplaced, Truncated};
    let (file, key) = sealed(&vec![7; 3 * SEGMENT_BYTES], 1 << 16);
    let lines = lines(&file);
    let [one, two, last] = lines[..] else { panic!("{} lines", lines.len()) };
    let cut = |bytes: usize| file[..file.len() - bytes].to_vec();
    for (what, forged, fault) in [
        ("repeated", [one, one, two, last].concat(), Misplaced),
        ("swapped", [two, one, last].concat(), Misplaced),
        ("left out", [one, last].concat(), Misplaced),
        ("the last one repeated", [one, two, last, last].concat(), Misplaced),
        ("more after the last one", [one, two, last, one].concat(), Misplaced),
        ("without the last one", [one, two].concat(), Truncated),
        ("without the line's end", cut(1), Truncated),
        ("cut within a line", cut(700_000), Truncated),
        ("nothing", vec![], Truncated),
        ("an empty line", [one, two, b"\n", last].concat(), Form),
        ("other bytes", vec![0xff; 100], Form),
    ] {
        assert_eq!(open(3, &forged, &key).unwrap_err(), fault, "{what}");
    }
    assert_eq!(open(2, &file, &key).unwrap_err(), Misplaced, "another attachment of the message");
}

#[test]
fn which_cryptographic_check_failed_is_not_told() {
    let (file, key) = sealed(b"what was attached", 5);
    let (_, other_key) = sealed(b"", 1);
    let text = String::from_utf8(file).unwrap();
    assert_eq!(open(3, text.as_bytes(), &other_key).unwrap_err(), SegmentFault::Unopened);
    let parts: Vec<&str> = text.trim_end().split('.').collect();
    for part in [2, 3, 4] {
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(parts[part]).unwrap();
        bytes[0] ^= 1;
        let (flipped, mut parts) = (BASE64_URL_SAFE_NO_PAD.encode(bytes), parts.clone());
        parts[part] = &flipped;
        let changed = format!("{}\n", parts.join("."));
        assert_eq!(open(3, changed.as_bytes(), &key).unwrap_err(), SegmentFault::Unopened, "part {part}");
    }
}

/// The header is authenticated, so a segment that is given another place does not open there.
#[test]
fn a_segment_cannot_be_renamed_into_another_place() {
    let (file, key) = sealed(&vec![7; 2 * SEGMENT_BYTES], 1 << 16);
    let text = String::from_utf8(file).unwrap();
    let first = text.lines().next().unwrap();
    let (_, rest) = first.split_once('.').unwrap();
    for (attachment, last) in [(4, false), (3, true)] {
        let header = BASE64_URL_SAFE_NO_PAD.encode(Place { attachment, segment: 0, last }.header());
        let renamed = format!("{header}.{rest}\n");
        assert_eq!(open(attachment, renamed.as_bytes(), &key).unwrap_err(), SegmentFault::Unopened);
    }
}

#[test]
fn only_the_one_spelling_of_a_place_is_read() {
    for (attachment, segment, last) in [(0, 0, false), (3, 99, true)] {
        let place = Place { attachment, segment, last };
        assert_eq!(Place::read(place.header().as_bytes()), Some(place));
    }
    for kid in ["0", "0/", "00/0", "0/+1", "0/0/last/last", "0/0/first", "-1/0", "0/18446744073709551616"] {
        let header = format!(r#"{{"alg":"dir","enc":"A256GCM","kid":"{kid}"}}"#);
        assert_eq!(Place::read(header.as_bytes()), None, "{kid}");
    }
}
