use proptest::prelude::*;
use x509_cert::der::{
    Any, AnyRef, Decode, Encode, Reader, SliceReader, Tagged,
    asn1::{BitStringRef, OctetStringRef, SetOfVec},
};

use super::*;

#[test]
fn times_are_utc_until_2049_and_generalized_from_then_on() {
    let encode = |text: &str| Der::time(text.parse().unwrap()).encode();
    assert_eq!(encode("2026-11-20T09:30:05.9Z"), b"\x17\x0d261120093005Z");
    assert_eq!(encode("2049-12-31T23:59:59Z"), b"\x17\x0d491231235959Z");
    assert_eq!(encode("2050-01-01T00:00:00Z"), b"\x18\x0f20500101000000Z");
}

#[test]
fn a_gap_counts_but_is_left_for_the_caller_to_fill() {
    let with_gap = Der::sequence(vec![Der::gap(OCTET_STRING, 300), Der::small_integer(7)]);
    let (mut whole, tail) = with_gap.around_gap();
    whole.extend([9; 300]);
    whole.extend(tail);
    let filled = Der::sequence(vec![Der::octets(vec![9; 300]), Der::small_integer(7)]);
    assert_eq!(whole, filled.encode());
}

#[test]
fn a_second_gap_stands_at_the_very_end() {
    let gaps = vec![Der::gap(CONTEXT_0_PRIMITIVE, 200), Der::null(), Der::gap(OCTET_STRING, 16)];
    let (mut whole, tail) = Der::sequence(gaps).around_gap();
    whole.extend([9; 200]);
    whole.extend(tail);
    whole.extend([7; 16]);
    let filled =
        vec![Der::primitive(CONTEXT_0_PRIMITIVE, vec![9; 200]), Der::null(), Der::octets(vec![7; 16])];
    assert_eq!(whole, Der::sequence(filled).encode());
}

#[test]
fn set_members_are_sorted_as_der_demands() {
    let members = [5, 1, 3].map(|n| Der::octets(vec![n; usize::from(n)]));
    let encoded = Der::set_of(SET, members.into()).encode();
    let read = SetOfVec::<Any>::from_der(&encoded).unwrap();
    assert_eq!((read.len(), read.to_der().unwrap()), (3, encoded));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn an_independent_reader_reads_every_length(
        bytes in prop_oneof![0usize..300, 65_500usize..65_600, Just(16_777_216usize)],
    ) {
        let content = vec![0x5a; bytes];
        let nested = Der::sequence(vec![Der::explicit(CONTEXT_0, Der::octets(&content[..]))]);
        let encoded = nested.encode();
        prop_assert_eq!(encoded.len(), encoded.capacity());
        let mut reader = SliceReader::new(&encoded).unwrap();
        let read = reader.sequence(|outer| {
            let inner = Any::decode(outer)?;
            assert_eq!(inner.tag().octet(), CONTEXT_0);
            Ok(OctetStringRef::from_der(inner.value())?.as_bytes() == content)
        });
        prop_assert!(read.unwrap() && reader.is_finished());
    }
}

/// An element as it was asked for, to be held against what an independent reader finds.
#[derive(Debug, Clone)]
enum Asked {
    Integer(u8),
    Octets(Vec<u8>),
    Bits(Vec<u8>),
    Null,
    Oid(ObjectIdentifier),
    Time(Timestamp),
    Sequence(Vec<Asked>),
    Set(Vec<Asked>),
    Explicit(u8, Box<Asked>),
    Implicit(u8, Vec<Asked>),
    Encoded(Box<Asked>),
}

impl Asked {
    fn der(&self) -> Der<'_> {
        let all = |parts: &'_ [Asked]| parts.iter().map(|part| Der::encoded(part.der().encode())).collect();
        match self {
            Self::Integer(value) => Der::small_integer(*value),
            Self::Octets(bytes) => Der::octets(&bytes[..]),
            Self::Bits(bytes) => Der::bits(bytes),
            Self::Null => Der::null(),
            Self::Oid(oid) => Der::oid(oid),
            Self::Time(at) => Der::time(*at),
            Self::Sequence(parts) => Der::sequence(parts.iter().map(Self::der).collect()),
            Self::Set(members) => Der::set_of(SET, all(members)),
            Self::Explicit(tag, part) => Der::explicit(*tag, part.der()),
            Self::Implicit(tag, parts) => Der::implicit_sequence(*tag, parts.iter().map(Self::der).collect()),
            Self::Encoded(part) => Der::encoded(part.der().encode()),
        }
    }

    /// Reads one element and compares it with what was asked for.
    fn check(&self, reader: &mut SliceReader<'_>) {
        if let Self::Encoded(part) = self {
            return part.check(reader);
        }
        let read = AnyRef::decode(reader).unwrap();
        let tagged = |tag: u8, parts: &[Self]| {
            assert_eq!(read.tag().octet(), tag);
            let mut inside = SliceReader::new(read.value()).unwrap();
            parts.iter().for_each(|part| part.check(&mut inside));
            assert!(inside.is_finished());
        };
        match self {
            Self::Integer(value) => assert_eq!(read.decode_as::<u8>().unwrap(), *value),
            Self::Octets(bytes) => {
                assert_eq!(read.decode_as::<OctetStringRef<'_>>().unwrap().as_bytes(), bytes)
            }
            Self::Bits(bytes) => {
                assert_eq!(read.decode_as::<BitStringRef<'_>>().unwrap().as_bytes().unwrap(), bytes);
            }
            Self::Null => assert!(read.is_null()),
            Self::Oid(oid) => assert_eq!(read.decode_as::<ObjectIdentifier>().unwrap(), *oid),
            Self::Time(at) => {
                let time = x509_cert::time::Time::from_der(&read.to_der().unwrap()).unwrap();
                assert_eq!(i64::try_from(time.to_unix_duration().as_secs()).unwrap(), at.as_second());
            }
            Self::Sequence(parts) => tagged(SEQUENCE, parts),
            Self::Implicit(tag, parts) => tagged(*tag, parts),
            Self::Explicit(tag, part) => tagged(*tag, std::slice::from_ref(part)),
            Self::Set(members) => check_set(read, members),
            Self::Encoded(_) => unreachable!("read above"),
        }
    }
}

/// The members by their encodings, as their order is not the one asked for.
fn check_set(read: AnyRef<'_>, members: &[Asked]) {
    assert_eq!(read.tag().octet(), SET);
    let mut inside = SliceReader::new(read.value()).unwrap();
    let mut found = Vec::new();
    while !inside.is_finished() {
        found.push(inside.tlv_bytes().unwrap().to_vec());
    }
    assert!(found.is_sorted());
    let mut asked: Vec<_> = members.iter().map(|member| member.der().encode()).collect();
    asked.sort();
    assert_eq!(found, asked);
    for member in members {
        member.check(&mut SliceReader::new(&member.der().encode()).unwrap());
    }
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![
        6 => 0usize..40,
        3 => 120usize..135,
        2 => 250usize..260,
        1 => 65_530usize..65_540,
    ];
    (length, any::<u8>())
        .prop_map(|(length, first)| (0..length).map(|n| first.wrapping_add(n as u8)).collect())
}

fn asked() -> impl Strategy<Value = Asked> {
    // Of one, two and three bytes; the crate cannot write those whose leading digits are just 128.
    let arc = prop_oneof![0u32..128, 129u32..0x4000, 0x8000u32..0x10_0000];
    let oid = (0u32..3, 0u32..40, proptest::collection::vec(arc, 2..6)).prop_map(|(first, second, rest)| {
        ObjectIdentifier::from_arcs([first, second].into_iter().chain(rest)).unwrap()
    });
    // The years that X.509 can tell, from 1970 on, where its reader begins.
    let time = (0i64..253_402_300_799).prop_map(|second| Timestamp::from_second(second).unwrap());
    let leaf = prop_oneof![
        (0u8..128).prop_map(Asked::Integer),
        bytes().prop_map(Asked::Octets),
        bytes().prop_map(Asked::Bits),
        Just(Asked::Null),
        oid.prop_map(Asked::Oid),
        time.prop_map(Asked::Time),
    ];
    let tag = || prop_oneof![Just(CONTEXT_0), Just(CONTEXT_1), Just(CONTEXT_2)];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        let parts = || proptest::collection::vec(inner.clone(), 0..6);
        prop_oneof![
            parts().prop_map(Asked::Sequence),
            parts().prop_map(Asked::Set),
            (tag(), inner.clone()).prop_map(|(tag, part)| Asked::Explicit(tag, part.into())),
            (tag(), parts()).prop_map(|(tag, parts)| Asked::Implicit(tag, parts)),
            inner.clone().prop_map(|part| Asked::Encoded(part.into())),
        ]
    })
}

proptest! {
    #[test]
    fn an_independent_reader_finds_every_structure_as_it_was_asked_for(asked in asked()) {
        let encoded = asked.der().encode();
        prop_assert_eq!(encoded.len(), encoded.capacity());
        let mut reader = SliceReader::new(&encoded).unwrap();
        asked.check(&mut reader);
        prop_assert!(reader.is_finished());
    }

    #[test]
    fn a_gap_is_filled_as_if_it_had_been_an_element(
        before in asked(), content in bytes(), after in asked(), last in bytes(),
    ) {
        let around = |inside: Der<'static>, end: Der<'static>| {
            let parts = [before.der().encode(), after.der().encode()].map(Der::encoded);
            let [before, after] = parts;
            Der::sequence(vec![Der::explicit(CONTEXT_0, Der::sequence(vec![before, inside, after])), end])
        };
        let gaps = around(Der::gap(OCTET_STRING, content.len()), Der::gap(OCTET_STRING, last.len()));
        let (head, tail) = gaps.around_gap();
        let whole = around(Der::octets(content.clone()), Der::octets(last.clone())).encode();
        prop_assert_eq!([head, content, tail, last].concat(), whole);
    }
}
