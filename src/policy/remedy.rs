//! A policy fault told to whoever wrote the policy: which file and line, which policy, what Cedar finds
//! wrong there, and what to do about it. It quotes no policy beyond the words that are wrong.

use miette::Diagnostic;

use super::PolicyFault;

impl PolicyFault {
    /// The fault in one line, for the operator: place, reason, remedy.
    pub fn told(&self) -> String {
        let mut told = self.to_string();
        let cause = self.diagnostic();
        if let Some(line) = cause.and_then(line) {
            told.push_str(&format!(", line {line}"));
        }
        for cause in causes(self) {
            told.push_str(&format!(": {}", cause.replace('\n', " ")));
        }
        if let Some(help) = cause.and_then(Diagnostic::help) {
            told.push_str(&format!(" ({})", help.to_string().replace('\n', " ")));
        }
        told.push_str(&format!("; {}", self.remedy()));
        told
    }

    /// What Cedar knows beyond its words: place and advice.
    fn diagnostic(&self) -> Option<&dyn Diagnostic> {
        match self {
            Self::Schema { source } => Some(&**source),
            Self::Syntax { source, .. } => Some(&**source),
            Self::Invalid { source, .. } => Some(&**source),
            Self::Doubtful { source, .. } => Some(&**source),
            Self::Misfit { .. }
            | Self::SameId { .. }
            | Self::Unreadable { .. }
            | Self::NoPolicy { .. }
            | Self::UnknownAction { .. }
            | Self::Unaskable { .. }
            | Self::Unbuildable
            | Self::Template { .. }
            | Self::Unannotated { .. } => None,
        }
    }

    fn remedy(&self) -> String {
        match self {
            Self::Unreadable { .. } => {
                "see that it is there, is UTF-8 text, and that the gateway's user may read it".into()
            }
            Self::NoPolicy { .. } => {
                "let `directory.policies` name the folder that holds the `*.cedar` files".into()
            }
            Self::Schema { .. }
            | Self::UnknownAction { .. }
            | Self::Unaskable { .. }
            | Self::Misfit { .. } => {
                "the schema comes with each version of the gateway: take that one, and change policies only"
                    .into()
            }
            Self::Unbuildable => "report it: nothing in the files is to blame".into(),
            Self::Syntax { .. } => "mend the text there; a policy ends with `;`".into(),
            Self::Template { .. } => {
                "write what `?principal` and `?resource` stand for in their place".into()
            }
            Self::Unannotated { annotation, .. } => format!("add {}", annotation_wanted(annotation)),
            Self::SameId { .. } => "give one of the two another @id".into(),
            Self::Invalid { .. } => "use only what `schema.cedarschema` has for that action".into(),
            Self::Doubtful { .. } => "write it so that it can apply, or remove it".into(),
        }
    }
}

/// What an annotation is for, as the head of `bars.cedar` explains it.
fn annotation_wanted(annotation: &str) -> &'static str {
    match annotation {
        "id" => "`@id(\"P15-present\")`: the rule, a hyphen, a name",
        "legal_basis" => "`@legal_basis(\"CJA 2003 s.325(4)\")`: the law that it rests on",
        "source" => "`@source(\"domain P15\")`: where the rule is written",
        "text" => "`@text(\"…\")`: the fixed sentence that the refused party reads",
        _ => "`@missing(\"…\")`: what the agency lacks where the permit does not apply",
    }
}

/// What lies behind the fault, outermost first.
fn causes(fault: &PolicyFault) -> Vec<String> {
    let mut causes = Vec::new();
    let mut next = std::error::Error::source(fault);
    while let Some(cause) = next {
        causes.push(cause.to_string());
        next = cause.source();
    }
    causes
}

/// The line of the file that the first mark is on, counted from 1.
fn line(cause: &dyn Diagnostic) -> Option<usize> {
    let mark = cause.labels()?.next()?;
    let text = cause.source_code()?;
    let around = text.read_span(mark.inner(), 0, 0).ok()?;
    Some(around.line() + 1)
}
