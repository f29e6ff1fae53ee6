//! A serious case review report (D21) has no rules of its own: what must stand in it the schema says, and
//! to whom it may go (the board and the co-ordinator, others with the board's approval) is permission.

use super::Rule;

pub(super) const RULES: &[Rule] = &[];
