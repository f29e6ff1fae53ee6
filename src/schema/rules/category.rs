//! Rules of this type: none beyond those that it shares.

use super::Rule;

pub(super) const RULES: &[Rule] = &[];
