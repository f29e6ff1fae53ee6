//! The rules, seen from outside: each rule once allowed and once refused, a table written
//! independently of the policies, and everything that has to fail closed.

mod facts;
mod in_doubt;
mod loading;
mod narrowed;
mod rules;
mod support;
mod table;
mod used;
mod worlds;
