//! Cutting members and entries out of a JSON text: each goes with one comma, and everything else stays
//! byte for byte. So a view is the sender's own text with gaps, and never a text that we wrote.
//!
//! In: a text that [`super::strict`] accepted, and the places. Out: the text without them, and what
//! stood there. It knows nothing of schemas and of why something is cut.

use std::{borrow::Cow, ops::Range};

use zeroize::Zeroizing;

/// A text with gaps.
pub struct Cut<'t> {
    /// What is left, in memory that is wiped.
    pub text: Zeroizing<Vec<u8>>,
    /// The values that stood at the places, in the order of the places, as they were written.
    pub removed: Vec<&'t str>,
}

/// Cuts the values at these JSON Pointers (RFC 6901) out of their objects and lists. `None` if a place
/// is not there, lies within another, or the text is not sound JSON.
pub fn cut<'t>(text: &'t str, places: &[String]) -> Option<Cut<'t>> {
    let wanted: Vec<Wanted> = places.iter().enumerate().map(|(index, place)| wanted(index, place)).collect();
    let mut found = vec![None; places.len()];
    let mut gaps = Vec::new();
    let mut reader = Reader { text, at: 0, found: &mut found, gaps: &mut gaps };
    reader.value(&wanted.iter().collect::<Vec<_>>(), 0)?;
    let removed =
        found.into_iter().map(|range: Option<Range<usize>>| text.get(range?)).collect::<Option<_>>()?;
    Some(Cut { text: without(text, gaps)?, removed })
}

/// One place: which it is, and the steps that lead to it.
struct Wanted<'p> {
    index: usize,
    steps: Vec<Cow<'p, str>>,
}

fn wanted(index: usize, place: &str) -> Wanted<'_> {
    let plain = |step: &str| step.contains('~').then(|| step.replace("~1", "/").replace("~0", "~"));
    let steps = place.split('/').skip(1).map(|step| plain(step).map_or(Cow::Borrowed(step), Cow::Owned));
    Wanted { index, steps: steps.collect() }
}

/// The text without the gaps, which come in order. Reserved whole: growing would leave plaintext behind.
fn without(text: &str, gaps: Vec<Range<usize>>) -> Option<Zeroizing<Vec<u8>>> {
    let mut left = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut at = 0;
    for gap in gaps {
        left.extend_from_slice(text.get(at..gap.start)?.as_bytes());
        at = gap.end;
    }
    left.extend_from_slice(text.get(at..)?.as_bytes());
    Some(left)
}

struct Reader<'t, 'f> {
    text: &'t str,
    at: usize,
    found: &'f mut Vec<Option<Range<usize>>>,
    gaps: &'f mut Vec<Range<usize>>,
}

/// One member or entry: from its name or value to the end of its value, and whether it goes.
struct Element {
    range: Range<usize>,
    goes: bool,
}

impl<'t> Reader<'t, '_> {
    /// Reads a value, with the places that lie `depth` steps or more inside it.
    fn value(&mut self, wanted: &[&Wanted<'_>], depth: usize) -> Option<()> {
        self.space();
        match self.byte()? {
            b'{' => self.elements(wanted, depth, b'}'),
            b'[' => self.elements(wanted, depth, b']'),
            b'"' => self.string().map(drop),
            _ => {
                let rest = self.text.get(self.at..)?;
                let length = rest.find([',', ':', '}', ']', ' ', '\t', '\n', '\r']).unwrap_or(rest.len());
                self.at += length;
                (length > 0).then_some(())
            }
        }
    }

    fn elements(&mut self, wanted: &[&Wanted<'_>], depth: usize, close: u8) -> Option<()> {
        self.at += 1;
        let mut elements = Vec::new();
        // Gaps come in order: those inside the elements are found before these elements' own.
        let inner = self.gaps.len();
        loop {
            self.space();
            match self.byte()? {
                byte if byte == close => break,
                b',' => self.at += 1,
                _ => elements.push(self.element(wanted, depth, close, elements.len())?),
            }
        }
        self.at += 1;
        if elements.iter().any(|element| element.goes) {
            self.gaps.extend(gaps(&elements));
            self.gaps.get_mut(inner..)?.sort_by_key(|gap| gap.start);
        }
        Some(())
    }

    /// The next member of an object or entry of a list.
    fn element(&mut self, wanted: &[&Wanted<'_>], depth: usize, close: u8, number: usize) -> Option<Element> {
        let start = self.at;
        let name: Cow<'_, str> = if close == b'}' {
            let written = self.string()?;
            self.space();
            self.expect(b':')?;
            serde_json::from_str(written).ok()?
        } else {
            number.to_string().into()
        };
        self.space();
        let inside: Vec<_> = wanted.iter().copied().filter(|w| w.steps.get(depth) == Some(&name)).collect();
        let value = self.at;
        let here = inside.iter().find(|wanted| wanted.steps.len() == depth + 1);
        match here {
            Some(_) if inside.len() > 1 => return None, // A place within a place.
            Some(_) => self.value(&[], depth + 1)?,
            None => self.value(&inside, depth + 1)?,
        }
        if let Some(here) = here {
            *self.found.get_mut(here.index)? = Some(value..self.at);
        }
        Some(Element { range: start..self.at, goes: here.is_some() })
    }

    /// Reads a string and gives it as written.
    fn string(&mut self) -> Option<&'t str> {
        let start = self.at;
        self.expect(b'"')?;
        loop {
            match self.byte()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.text.get(start..self.at)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        let is = self.byte() == Some(byte);
        self.at += usize::from(is);
        is.then_some(())
    }

    fn space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

/// What goes with each element: after one that stays, the comma before it; before all that stay, the
/// comma after it; with no other left, nothing but itself.
fn gaps(elements: &[Element]) -> Vec<Range<usize>> {
    let mut gaps = Vec::new();
    let mut kept_before = false;
    let followers = elements.iter().skip(1).map(Some).chain([None]);
    let mut end_before = None;
    for (element, follower) in elements.iter().zip(followers) {
        let Range { start, end } = element.range;
        if element.goes {
            gaps.push(match (kept_before, end_before, follower) {
                (true, Some(before), _) => before..end,
                (_, _, Some(follower)) => start..follower.range.start,
                _ => start..end,
            });
        }
        kept_before |= !element.goes;
        end_before = Some(end);
    }
    gaps
}

#[cfg(test)]
mod tests;
