//! An action update (D11) has no rules of its own: that a finished action has its day and an
//! unfinished one its reason is the schema's to tell.

use super::Rule;

pub(super) const RULES: &[Rule] = &[];
