//! One type of message: above who may send it, then who may receive it, a row for each type of agency and
//! a column for each relation, and below what each rule says.

use std::collections::BTreeSet;

use super::{
    grid::{Answer, Asking, Grid, Row, for_each, name, parties, sending},
    legend::{self, wrapped},
};
use crate::{
    cli::terminal::aligned,
    message::AgencyType,
    policy::{Relation, When},
};

/// The whole page.
pub fn rendered(asking: &Asking) -> String {
    let scene = asking.scene;
    let mut named = BTreeSet::new();
    let mut text = format!(
        "{} ({}), case of category {} at level {}{}{}\npolicy set {}\n",
        scene.message_type.title(),
        scene.message_type,
        scene.category,
        scene.level,
        if scene.approved { ", approved by the police" } else { "" },
        if scene.when == When::Ordinary { String::new() } else { format!(", {}", scene.when.as_str()) },
        asking.policies.sha256_hex(),
    );
    text.push_str(&senders(asking, &mut named));
    for (from, grid) in tables(asking) {
        let from: Vec<&str> = from.iter().map(|sender| sender.as_str()).collect();
        text.push('\n');
        text.push_str(&wrapped(&format!("Who may receive it, sent by {}", from.join(", ")), ""));
        text.push_str(&table(&grid, &mut named));
    }
    text.push_str(&legend::of(asking.policies, &named));
    text
}

/// Rules, each with the relations in which it decides.
type Ways = Vec<(String, Vec<Relation>)>;

/// Who may send it: a line for all that may by the same rules in the same relations.
fn senders(asking: &Asking, named: &mut BTreeSet<String>) -> String {
    let relations = sending(asking.scene.message_type);
    let mut lines: Vec<(Ways, Vec<String>)> = Vec::new();
    for party in parties(&asking.senders, asking.scene.category) {
        let mut ways = Ways::new();
        for relation in &relations {
            let answer = asking.send(party, *relation);
            if answer.is_allowed() {
                named.extend(answer.policies.iter().cloned());
                push(&mut ways, answer.cell(), *relation);
            }
        }
        if !ways.is_empty() {
            push(&mut lines, ways, name(party));
        }
    }
    if lines.is_empty() {
        return "\nNo agency may send it; recipients are asked about all the same.\n".to_owned();
    }
    let mut text = "\nWho may send it\n".to_owned();
    for (ways, who) in lines {
        let ways = ways.iter().map(|(rules, held)| format!("{rules} {}", standing(held, &relations)));
        text.push_str(&wrapped(
            &format!("{}: {}", ways.collect::<Vec<_>>().join("; "), who.join(", ")),
            "  ",
        ));
    }
    text.push_str(&to_itself(asking, named));
    text
}

fn standing(held: &[Relation], all: &[Relation]) -> String {
    if held == all {
        return "in any relation".to_owned();
    }
    let words: Vec<&str> = held.iter().map(|relation| relation.as_str()).collect();
    format!("as {}", words.join(", "))
}

/// Those that may have it from themselves and not from others: a manager reads what a case owner writes.
fn to_itself(asking: &Asking, named: &mut BTreeSet<String>) -> String {
    let mut ways: Vec<(String, Vec<String>)> = Vec::new();
    for sender in asking.able() {
        let Some(party) = asking.recipients.iter().find(|party| party.agency_type == sender) else {
            continue;
        };
        let (own, _) = asking.receive(sender, *party, Relation::OwnAgency);
        let (other, _) = asking.receive(sender, *party, Relation::None);
        if own.is_allowed() && !other.is_allowed() {
            named.extend(own.policies.iter().cloned());
            push(&mut ways, own.cell(), name(*party));
        }
    }
    let line = |(rules, who): (String, Vec<String>)| {
        wrapped(&format!("{rules} to the own agency: {}", who.join(", ")), "  ")
    };
    ways.into_iter().map(line).collect()
}

/// The tables, one for all senders whose recipients are told the same.
fn tables(asking: &Asking) -> Vec<(Vec<AgencyType>, Grid)> {
    let mut tables: Vec<(Vec<AgencyType>, Grid)> = Vec::new();
    let senders = asking.able();
    for (sender, grid) in senders.iter().copied().zip(for_each(&senders, |sender| asking.grid(*sender))) {
        let same = |known: &Grid| known.rows.iter().zip(&grid.rows).all(|(a, b)| alike(a, b));
        match tables.iter_mut().find(|(_, known)| same(known)) {
            Some((senders, _)) => senders.push(sender),
            None => tables.push((vec![sender], grid)),
        }
    }
    tables
}

fn alike(a: &Row, b: &Row) -> bool {
    a.answers == b.answers && a.victims == b.victims
}

fn table(grid: &Grid, named: &mut BTreeSet<String>) -> String {
    let columns = columns(grid);
    let mut heads = vec!["recipient".to_owned()];
    heads.extend(columns.iter().filter_map(|(_, held)| held.first()).map(|first| first.as_str().to_owned()));
    heads.push("victim data".to_owned());
    let mut lines = vec![heads];
    for (number, row) in grid.rows.iter().enumerate() {
        let answers = row.answers.iter().chain(row.victims.iter().flatten());
        named.extend(answers.flat_map(|answer| answer.policies.iter().cloned()));
        let mut line = vec![name(row.party)];
        line.extend(columns.iter().filter_map(|(answers, _)| answers.get(number)).map(|a| a.cell()));
        line.push(victims(row));
        lines.push(line);
    }
    let mut text = aligned(&lines);
    for (_, held) in &columns {
        if let [first, others @ ..] = held.as_slice()
            && !others.is_empty()
        {
            let others: Vec<&str> = others.iter().map(|relation| relation.as_str()).collect();
            text.push_str(&wrapped(&format!("As `{}`: {}", first.as_str(), others.join(", ")), ""));
        }
    }
    text
}

/// The columns, each with the relations that are told the same.
fn columns(grid: &Grid) -> Vec<(Vec<&Answer>, Vec<Relation>)> {
    let mut columns: Vec<(Vec<&Answer>, Vec<Relation>)> = Vec::new();
    for (number, relation) in grid.relations.iter().enumerate() {
        if *relation == Relation::AttendedReleased && says_nothing_new(grid, number) {
            continue;
        }
        push(&mut columns, column(grid, number), *relation);
    }
    columns
}

fn column(grid: &Grid, number: usize) -> Vec<&Answer> {
    grid.rows.iter().filter_map(|row| row.answers.get(number)).collect()
}

/// Whether two grounds together open no more than one of them alone.
fn says_nothing_new(grid: &Grid, number: usize) -> bool {
    let of = |wanted| grid.relations.iter().position(|relation| *relation == wanted);
    let (Some(attended), Some(released)) = (of(Relation::Attended), of(Relation::Released)) else {
        return false;
    };
    let single = column(grid, attended).into_iter().zip(column(grid, released));
    let mut both = column(grid, number).into_iter().zip(single);
    both.all(|(both, (one, other))| both.is_allowed() == (one.is_allowed() || other.is_allowed()))
}

/// Whether the copies that the agency may have keep victim data; blank where it may have none.
fn victims(row: &Row) -> String {
    let mut words: Vec<String> = Vec::new();
    for (answer, victims) in row.answers.iter().zip(&row.victims) {
        let word = victims.as_ref().map_or_else(String::new, Answer::cell);
        if answer.is_allowed() && !words.contains(&word) {
            words.push(word);
        }
    }
    words.join(" or ")
}

/// Adds to the entry of this key, or a new entry.
fn push<K: PartialEq, V>(entries: &mut Vec<(K, Vec<V>)>, key: K, value: V) {
    match entries.iter_mut().find(|(known, _)| *known == key) {
        Some((_, values)) => values.push(value),
        None => entries.push((key, vec![value])),
    }
}
