//! The page of the rules: everything that a message may be told beyond its schema.

use maud::{Markup, html};

use super::page;
use crate::{
    config::Severity,
    message::MessageType,
    schema::rules::{self, Rule, Say},
};

/// `rules.html`.
pub fn page() -> Markup {
    let heads = ["Rule and code", "Follows", "What is wrong", "What to do", "Source", "Holds for"];
    let rows = html! {
        @for rule in rules::all() {
            @let types = types_of(rule);
            @for say in rule.says {
                tr {
                    th scope="row" id=(say.code) {
                        (rule.id) " " a.self href={ "#" (say.code) } { code { (page::breakable(say.code)) } }
                    }
                    td { (follows(say.severity)) }
                    td { (words(say.message)) }
                    td { (words(say.fix)) }
                    td { (say.source) }
                    td { (types) }
                }
            }
        }
    };
    let content = html! {
        p.lead {
            "What a schema cannot tell is told by rules. A message that breaks one is refused, or it goes on \
             and carries a warning to its sender and the co-ordinator."
        }
        p {
            "An answer names the rule, its code, the place in the message and what to do; it never repeats what \
             was submitted. An area may make a warning a refusal, never the other way round. "
            "… stands for a threshold that the area may set."
        }
        h2 { "All rules" }
        (page::table("rules", "Every rule with what follows from it", &heads, &rows))
    };
    page::page("rules.html", "Rules", &content)
}

/// The rules of one type, each with a link to its row.
pub fn of(message_type: MessageType) -> Option<Markup> {
    let rules = rules::of(message_type).iter().flat_map(|part| part.iter());
    let says: Vec<(&Rule, &Say)> =
        rules.flat_map(|rule| rule.says.iter().map(move |say| (rule, *say))).collect();
    let rows = html! {
        @for (rule, say) in &says {
            tr {
                th scope="row" {
                    (rule.id) " " a href={ "rules.html#" (say.code) } { code { (page::breakable(say.code)) } }
                }
                td { (follows(say.severity)) }
                td { (words(say.message)) }
                td { (words(say.fix)) }
            }
        }
    };
    let heads = ["Rule and code", "Follows", "What is wrong", "What to do"];
    (!says.is_empty()).then(|| page::table("rules", "Rules that this message is held against", &heads, &rows))
}

fn follows(severity: Severity) -> Markup {
    match severity {
        Severity::Reject => html! { strong { "refused" } },
        Severity::Warn => html! { "warning" },
        Severity::Info => html! { "noted" },
    }
}

/// A sentence with its members set as code, and a threshold's place as an ellipsis.
fn words(sentence: &str) -> Markup {
    let sentence = sentence.replace("{}", "…");
    html! {
        @for (number, part) in sentence.split('`').enumerate() {
            @if number % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// The types that a rule holds for; those that it does not where they are fewer.
fn types_of(rule: &Rule) -> String {
    let holds = |message_type: &MessageType| {
        rules::of(*message_type).iter().flat_map(|part| part.iter()).any(|known| std::ptr::eq(known, rule))
    };
    let agencies = MessageType::ALL.iter().copied().filter(|message_type| message_type.made_by_agencies());
    let (with, without): (Vec<_>, Vec<_>) = agencies.partition(holds);
    let names = |types: &[MessageType]| types.iter().map(|t| t.as_str()).collect::<Vec<_>>().join(", ");
    match without.len() {
        0 => "all messages of agencies".to_owned(),
        left_out if left_out < with.len() => format!("all messages of agencies but {}", names(&without)),
        _ => names(&with),
    }
}
