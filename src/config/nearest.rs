//! The known key that a misspelt one was probably meant to be.
//!
//! In: a key and the keys that may stand in its place. Out: the nearest of them, if one is near
//! enough to be worth a guess.

/// No key of ours is longer, and the distance takes time by the product of both lengths.
const KEY_CHARS_MAX: usize = 64;

/// The nearest of the known keys, or none where the guess would be a wild one: more than two
/// letters in five differ.
pub(super) fn nearest<'k>(key: &str, known: &'k [String]) -> Option<&'k str> {
    let key: Vec<char> = key.chars().take(KEY_CHARS_MAX + 1).collect();
    if key.len() > KEY_CHARS_MAX {
        return None;
    }
    let distances = known.iter().map(|name| (distance(&key, &name.chars().collect::<Vec<_>>()), name));
    let (letters, name) = distances.min()?;
    let length = name.chars().count();
    (letters <= (length * 2 / 5).max(1) && letters < length).then_some(name)
}

/// Letters to put in, take out, change or swap with their neighbour (optimal string alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let changed = at(&last, j) + usize::from(from != to);
            let mut best = changed.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(to) && b.get(j - 1) == Some(from);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    at(&last, b.len())
}

fn at(row: &[usize], index: usize) -> usize {
    row.get(index).copied().unwrap_or(usize::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chars(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn a_swap_a_gap_and_a_wrong_letter_count_one_each() {
        for (a, b, letters) in [
            ("", "", 0),
            ("page", "page", 0),
            ("pgae", "page", 1),
            ("messge", "message", 1),
            ("pages", "page", 1),
            ("", "page", 4),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(&chars(a), &chars(b)), letters, "{a} {b}");
            assert_eq!(distance(&chars(b), &chars(a)), letters, "{b} {a}");
        }
    }

    #[test]
    fn the_nearest_key_is_named_and_a_wild_guess_is_not() {
        let known = ["message_bytes", "message_depth", "page"].map(str::to_owned);
        assert_eq!(nearest("messge_bytes", &known), Some("message_bytes"));
        assert_eq!(nearest("message_dept", &known), Some("message_depth"));
        assert_eq!(nearest("colour", &known), None);
        assert_eq!(nearest(&"p".repeat(100_000), &known), None);
        assert_eq!(nearest("page", &[]), None);
        assert_eq!(nearest("a", &["x".to_owned()]), None, "nothing of it is the same");
    }
}
