//! Every call of both listeners in one table: method, path, what stands between a caller and the answer,
//! and who answers. [`super::routes`] and [`super::admin::routes`] are made of these tables, so no call can
//! be added without saying what guards it, and none stands elsewhere: a house test sees to that.
//!
//! Who calls is settled before, for all calls of the agencies' listener at once (`caller.rs`).

use axum::{
    Router,
    handler::Handler,
    http::Method,
    routing::{self, MethodRouter},
};

use super::{
    App, admin, agency_keys, directory, facts, ledger, mailbox, schemas, status, submit, wrong_method,
};

/// One call.
pub struct Call {
    /// Its method. GET answers HEAD too, unless the table says otherwise.
    pub method: Method,
    /// Its path, with the names of its variable parts in braces.
    pub path: &'static str,
    /// What guards it.
    pub access: Access,
    handler: MethodRouter<App>,
}

/// What stands between a caller and what a call shows or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// The rules: Cedar decides about sender and recipients (design §6), and an unknown case and one that the
    /// sender may not know are one answer.
    Rules,
    /// Only what the caller itself sent or is to receive: each look-up in the store names the caller.
    Own,
    /// Who may not know the case is told that there is none; for the others Cedar decides about the act
    /// (`facts.cedar`, `meetings.cedar`).
    CaseKnown,
    /// The same for every agency of the directory, and why it may be.
    EveryAgency(&'static str),
    /// Whoever reaches the operator's loopback listener, without a certificate, and why that may be.
    Operator(&'static str),
}

use Access::{CaseKnown, EveryAgency, Operator, Own, Rules};

/// The calls of the agencies' listener.
pub fn of_agencies() -> Vec<Call> {
    vec![
        post("/v1/messages", Rules, submit::submit),
        post("/v1/messages/check", Rules, submit::check),
        get("/v1/messages", Own, status::outbox),
        get("/v1/messages/{id}", Own, status::track),
        get("/v1/inbox", Own, mailbox::list),
        get("/v1/inbox/{delivery}", Own, mailbox::collect).but_not_head(),
        get("/v1/inbox/{delivery}/attachments/{number}", Own, mailbox::attachment).but_not_head(),
        post("/v1/inbox/{delivery}/acknowledge", Own, mailbox::acknowledge),
        put("/v1/meetings/{id}", CaseKnown, facts::meeting),
        get("/v1/cases/{ref}", CaseKnown, facts::show),
        put("/v1/cases/{ref}", CaseKnown, facts::state),
        put("/v1/designations/{id}", CaseKnown, facts::designation),
        put("/v1/approvals/{id}", CaseKnown, facts::approval),
        get("/v1/agencies/me/keys", Own, agency_keys::list),
        get("/v1/agencies/me/keys/{kid}", Own, agency_keys::show),
        put("/v1/agencies/me/keys/{kid}", Own, agency_keys::publish),
        post("/v1/agencies/me/keys/{kid}/proof", Own, agency_keys::prove),
        post("/v1/agencies/me/keys/{kid}/revoke", Own, agency_keys::revoke),
        get("/v1/whoami", Own, directory::whoami),
        get("/v1/agencies", EveryAgency("whom a message can be addressed to"), directory::agencies),
        get("/v1/keys", EveryAgency("the gateway's public keys, to verify it with"), directory::keys),
        get("/v1/schemas", EveryAgency("the form of messages is public"), schemas::catalogue),
        get("/v1/schemas/{*path}", EveryAgency("the form of messages is public"), schemas::file),
        get(
            "/v1/ledger/proofs/{commitment}",
            EveryAgency("only its readers know a commitment"),
            ledger::proof,
        ),
        get("/ledger/checkpoint", EveryAgency("anyone may hold us to our log"), ledger::checkpoint),
        get(
            "/ledger/{*path}",
            EveryAgency("the tree is of salted commitments: it tells nothing"),
            ledger::tile,
        ),
    ]
}

/// The calls of the operator's listener.
pub fn of_the_operator() -> Vec<Call> {
    vec![
        get("/health/live", Operator("a word"), admin::live),
        get("/health/ready", Operator("a word, and for the operator the reason"), admin::ready),
        get("/metrics", Operator("counts and codes, never whose"), admin::metrics),
    ]
}

/// The routes of these calls, still without what is around them.
pub(super) fn router(calls: Vec<Call>) -> Router<App> {
    calls.into_iter().fold(Router::new(), |router, call| router.route(call.path, call.handler))
}

impl Call {
    /// A call that `handler` answers.
    pub fn new(method: Method, path: &'static str, access: Access, handler: MethodRouter<App>) -> Self {
        Self { method, path, access, handler }
    }

    /// To collect is to be handed the copy: HEAD would write down that it was, and hand over nothing.
    fn but_not_head(self) -> Self {
        Self { handler: self.handler.head(wrong_method), ..self }
    }
}

fn get<H: Handler<T, App>, T: 'static>(path: &'static str, access: Access, handler: H) -> Call {
    Call::new(Method::GET, path, access, routing::get(handler))
}

fn post<H: Handler<T, App>, T: 'static>(path: &'static str, access: Access, handler: H) -> Call {
    Call::new(Method::POST, path, access, routing::post(handler))
}

fn put<H: Handler<T, App>, T: 'static>(path: &'static str, access: Access, handler: H) -> Call {
    Call::new(Method::PUT, path, access, routing::put(handler))
}
