//! Text: UTF-8 from the first byte to the last, without control characters, and no markup or script.

use zeroize::Zeroizing;

/// Checks a text as it passes. A character may be split between two pieces.
#[derive(Default)]
pub(super) struct PlainText {
    /// The first bytes of a character whose rest has not come yet: at most three.
    split: Zeroizing<Vec<u8>>,
}

impl PlainText {
    /// Whether it is still plain text.
    pub fn push(&mut self, mut bytes: &[u8]) -> bool {
        while !self.split.is_empty() {
            let Some((next, rest)) = bytes.split_first() else { return true };
            bytes = rest;
            self.split.push(*next);
            match str::from_utf8(&self.split) {
                Ok(character) if is_plain(character) => self.split.clear(),
                Err(fault) if fault.error_len().is_none() => {}
                Ok(_) | Err(_) => return false,
            }
        }
        let fault = match str::from_utf8(bytes) {
            Ok(text) => return is_plain(text),
            Err(fault) => fault,
        };
        let (whole, split) = bytes.split_at(fault.valid_up_to());
        self.split.extend_from_slice(split);
        fault.error_len().is_none() && str::from_utf8(whole).is_ok_and(is_plain)
    }

    /// Whether the last character is whole.
    pub fn ended_well(&self) -> bool {
        self.split.is_empty()
    }
}

fn is_plain(text: &str) -> bool {
    text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'))
}

/// A text from its first visible character on: readers of markup skip the rest too.
pub(super) fn without_blank_start(text: &[u8]) -> &[u8] {
    let mut text = text;
    loop {
        let shorter = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
        if shorter.len() == text.len() {
            return text;
        }
        text = shorter;
    }
}

/// Whether it begins as what a browser renders or a machine runs.
pub(super) fn is_markup_or_script(text: &[u8]) -> bool {
    // `infer` knows the rest of what the WHATWG lists, but only with a blank or `>` behind it.
    const BEGINNINGS: [&[u8]; 22] = [
        b"#!",
        b"<?",
        b"<%",
        b"<!",
        b"@echo off",
        b"<html",
        b"<head",
        b"<body",
        b"<svg",
        b"<math",
        b"<script",
        b"<style",
        b"<iframe",
        b"<object",
        b"<embed",
        b"<img",
        b"<meta",
        b"<link",
        b"<base",
        b"<form",
        b"<video",
        b"<audio",
    ];
    let begins = |with: &[u8]| text.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    BEGINNINGS.into_iter().any(begins)
}
