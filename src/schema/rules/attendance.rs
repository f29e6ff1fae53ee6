//! A record of attendance (D9) has no rules of its own: what it must hold is the schema's to tell, and
//! what the grades and apologies amount to is judged when the minutes follow.

use super::Rule;

pub(super) const RULES: &[Rule] = &[];
