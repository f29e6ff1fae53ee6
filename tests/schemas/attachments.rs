//! File types by their first bytes, by their text, and against the schema's list.

use portcullis::schema::{
    attachment::{MediaType, OtherType, Sniffer},
    catalog,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::archive::{docx, zip};

/// Looks at a file in pieces of this length.
fn sniffed(declared: MediaType, file: &[u8], piece: usize) -> Result<(), OtherType> {
    let mut sniffer = Sniffer::new(declared);
    for bytes in file.chunks(piece) {
        sniffer.push(bytes)?;
    }
    sniffer.finish()
}

/// Which declared types a file passes for, however it is cut.
fn passes_for(file: &[u8]) -> Vec<MediaType> {
    let of = |piece: usize| {
        let sound = |declared: &MediaType| sniffed(*declared, file, piece).is_ok();
        MediaType::ALL.iter().copied().filter(sound).collect::<Vec<_>>()
    };
    let whole = of(usize::MAX);
    for piece in [1, 2, 3, 1000] {
        assert_eq!(of(piece), whole, "in pieces of {piece}");
    }
    whole
}

const ODT: &[u8] = b"application/vnd.oasis.opendocument.text";
const TEXTS: [MediaType; 3] = [MediaType::Text, MediaType::Csv, MediaType::Json];

#[test]
fn the_types_are_those_of_the_schema() {
    let (_, text) = catalog::FILES.iter().find(|(path, _)| *path == "common/attachment.json").unwrap();
    let schema: Value = serde_json::from_str(text).unwrap();
    let listed: Vec<&str> = schema["properties"]["media_type"]["enum"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t.as_str().unwrap())
        .collect();
    assert_eq!(listed, MediaType::ALL.iter().map(|known| known.as_str()).collect::<Vec<_>>());
}

#[test]
fn each_type_is_known_by_its_first_bytes_and_passes_for_no_other() {
    let odt = zip(&[("mimetype", ODT), ("content.xml", b"<c/>")]);
    let thumbnail = vec![0x55; 20_000];
    let late =
        zip(&[("_rels/.rels", b""), ("docProps/thumbnail.jpeg", &thumbnail), ("word/document.xml", b"")]);
    for (declared, file) in [
        (MediaType::Pdf, &b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"[..]),
        (MediaType::Png, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
        (MediaType::Jpeg, b"\xff\xd8\xff\xe0\0\x10JFIF"),
        (MediaType::Docx, &docx("word/styles.xml", b"<styles/>")),
        (MediaType::Docx, &late),
        (MediaType::Odt, &odt),
    ] {
        assert_eq!(passes_for(file), [declared]);
    }
    let sample = include_bytes!("../messages/attachments/agency-report.pdf");
    assert_eq!(sniffed(MediaType::Pdf, sample, 16 << 10), Ok(()));
}

#[test]
fn texts_of_every_language_are_texts() {
    for text in [
        "a plain note",
        "BMI,weight\r\n31,90\r\n",
        "GIFT list",
        "\u{feff}name;tŷ\n",
        "{\"a\": [1]}",
        "報告\t書",
        "< 5 miles",
        "",
    ] {
        assert_eq!(passes_for(text.as_bytes()), TEXTS, "{text}");
    }
}

#[test]
fn what_runs_or_renders_and_what_is_packed_passes_for_nothing() {
    let spreadsheet = zip(&[("[Content_Types].xml", b""), ("_rels/.rels", b""), ("xl/workbook.xml", b"")]);
    let template = zip(&[("mimetype", b"application/vnd.oasis.opendocument.text-template")]);
    let program = zip(&[("META-INF/MANIFEST.MF", b""), ("word/document.xml", b"")]);
    for file in [
        &b"MZ\x90\0\x03\0\0\0"[..],
        b"MZ printable to the end",
        b"\x7fELF\x02\x01\x01\0",
        b"\xca\xfe\xba\xbe\0\0\0\x41",
        b"\0asm\x01\0\0\0",
        b"#!/bin/sh\necho\n",
        b"\xef\xbb\xbf#!/usr/bin/env python3\n",
        b"<!DOCTYPE html><html></html>",
        b"\n \t<HTML><body>",
        b"\xef\xbb\xbf <script>alert(1)</script>",
        b"<?xml version=\"1.0\"?><svg onload=\"\"/>",
        b"<?php system('id');",
        b"<img src=x onerror=alert(1)>",
        b"<meta http-equiv=refresh content=0>",
        b"<iframe\tsrc=//a.example>",
        b"<svg/onload=alert(1)>",
        &[&[b' '; 40_000][..], b"<script>alert(1)</script>"].concat(),
        b"{\\rtf1\\ansi}",
        b"%!PS-Adobe-3.0",
        b"  %PDF-1.7 after blanks",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old office",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"Rar!\x1a\x07\0",
        b"7z\xbc\xaf\x27\x1c",
        b"\x1f\x8b\x08\0\0\0",
        b"GIF89a\x01\0\x01\0",
        b"a\0text",
        b"latin-1 \xe9",
        b"cut \xe2\x82",
        b"escape \x1b[31m",
        &spreadsheet,
        &template,
        &program,
        &zip(&[("a.exe", b"MZ")]),
        &docx("word/vbaProject.bin", b"macros"),
        &docx("word/VBAPROJECT.BIN", b"macros"),
        &zip(&[("mimetype", ODT), ("content.xml", b"<c/>"), ("Basic/script-lc.xml", b"<l/>")]),
        &zip(&[("mimetype", ODT), ("Scripts/python/a.py", b"import os")]),
        &zip(&[("mimetype", ODT), ("Scripts/beanshell/Library/a.bsh", b"exec()")]),
        &zip(&[("mimetype", ODT), ("Scripts/java/Library/a.jar", b"PK")]),
    ] {
        assert_eq!(passes_for(file), [], "{:?}", String::from_utf8_lossy(file.get(..20).unwrap_or(file)));
    }
}

#[test]
fn the_whole_of_a_text_is_looked_at_and_the_whole_of_a_document() {
    let mut text = "ŷ".repeat(100_000).into_bytes();
    assert_eq!(sniffed(MediaType::Text, &text, 4095), Ok(()));
    text.push(0);
    assert_eq!(sniffed(MediaType::Text, &text, 4095), Err(OtherType));
    // A name is found wherever the pieces end.
    let long = vec![0x55; 100_000];
    let parts = [("_rels/.rels", &b""[..]), ("word/document.xml", &long), ("word/vbaProject.bin", b"")];
    let document = zip(&parts);
    for piece in [1, 7, 13, 14, 4096] {
        assert_eq!(sniffed(MediaType::Docx, &document, piece), Err(OtherType), "{piece}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_fall_over_and_cutting_changes_nothing(
        head in proptest::sample::select(vec![
            &b""[..], b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-", b"\x89PNG", b"\xef\xbb\xbf", b"RIFF",
        ]),
        bytes in proptest::collection::vec(any::<u8>(), 0..600), piece in 1_usize..50,
    ) {
        let file = [head, &bytes].concat();
        for declared in MediaType::ALL {
            prop_assert_eq!(sniffed(*declared, &file, piece), sniffed(*declared, &file, usize::MAX));
        }
    }
}
