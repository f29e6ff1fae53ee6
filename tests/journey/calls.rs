//! No call is open to whom the directory does not list, and none is there that the table of calls does not
//! name with what guards it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::routing;
use portcullis::{
    http::{self, Access, App, Call, server},
    journey::Code,
};
use reqwest::Method;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    refused::{door_of, issued},
    support::{Door, TestGateway},
};

/// The path with something of the right form in each of its variable parts.
fn filled(path: &str) -> String {
    let part = |part: &str| match part {
        "{ref}" => "46-2026-7K3M9Q2F".to_owned(),
        "{number}" => "0".to_owned(),
        "{commitment}" => "0".repeat(64),
        "{*path}" => "tile/0/000".to_owned(),
        id if id.starts_with('{') => "019ab000-0000-7000-8000-000000000406".to_owned(),
        fixed => fixed.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_refuses_whom_the_directory_does_not_list() {
    let gateway = TestGateway::start().await;
    gateway.change_agency("kent-probation", |agency| agency.suspended = true).await;
    let doors = [
        (Code::UnknownAgency, door_of(&gateway, &issued(&gateway, "kent-nobody"))),
        (Code::UnknownAgency, door_of(&gateway, &issued(&gateway, "kent-police"))),
        (Code::Suspended, gateway.door("kent-probation")),
    ];
    let known = http::of_agencies();
    // What is not there, and what takes another method, is told to nobody either.
    let more = [
        (Method::GET, "/v1/nothing"),
        (Method::DELETE, "/v1/messages"),
        (Method::HEAD, "/v1/inbox/{delivery}"),
    ];
    let calls = known.into_iter().map(|call| (call.method, call.path)).chain(more);
    for (method, path) in calls {
        for (code, door) in &doors {
            let reply = Door::send(door.request(method.clone(), &filled(path))).await.unwrap();
            assert_eq!(reply.status.as_u16(), 403, "{method} {path}");
            if method != Method::HEAD {
                reply.problem(*code, 403);
            }
        }
    }
    let nobody = Door::new(gateway.url(""), Door::tls(&gateway.read("ca.crt"), None));
    assert!(Door::send(nobody.request(Method::GET, "/v1/keys")).await.is_err(), "no certificate, no call");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_table_does_not_name_is_not_there() {
    let gateway = TestGateway::start().await;
    let door = gateway.door("kent-police");
    let mut named = BTreeMap::<&str, Vec<Method>>::new();
    for call in http::of_agencies() {
        named.entry(call.path).or_default().push(call.method);
    }
    for (path, methods) in named {
        for other in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS]
        {
            if methods.contains(&other) {
                continue;
            }
            let reply = Door::send(door.request(other.clone(), &filled(path))).await.unwrap();
            reply.problem(Code::WrongMethod, 405);
            let allowed = reply.headers["allow"].to_str().unwrap();
            assert!(methods.iter().all(|method| allowed.contains(method.as_str())), "{path}: {allowed}");
            assert!(!allowed.contains(other.as_str()), "{path}: {allowed}");
        }
    }
    for (method, path) in [(Method::GET, "/"), (Method::GET, "/v1"), (Method::POST, "/metrics")] {
        Door::send(door.request(method, path)).await.unwrap().problem(Code::NotFound, 404);
    }
    gateway.stop().await;
}

#[test]
fn every_call_says_once_what_guards_it() {
    let (agencies, operator) = (http::of_agencies(), http::of_the_operator());
    let mut seen = std::collections::HashSet::new();
    assert!(agencies.iter().all(|call| seen.insert((call.method.clone(), call.path))), "a call stands twice");
    for call in agencies.iter().chain(&operator) {
        if let Access::EveryAgency(why) | Access::Operator(why) = call.access {
            assert!(!why.trim().is_empty(), "{}: why?", call.path);
        }
    }
    let for_the_operator = |call: &Call| matches!(call.access, Access::Operator(_));
    assert!(operator.iter().all(for_the_operator));
    assert!(!agencies.iter().any(for_the_operator), "who has no certificate comes to no call of agencies");
}

/// A handler that forgets to ask who calls is not reached for that.
#[tokio::test(flavor = "multi_thread")]
async fn no_handler_is_reached_by_whom_nobody_let_in() {
    let gateway = TestGateway::start().await;
    let reached = Arc::new(AtomicBool::new(false));
    let probe = {
        let reached = reached.clone();
        routing::get(move || async move { reached.store(true, Ordering::Relaxed) })
    };
    let app = App {
        gateway: gateway.gateway().clone(),
        long_poll_max: Duration::ZERO,
        request_timeout: Duration::from_secs(60),
        upload_timeout: Duration::from_secs(60),
        large_uploads: Arc::new(tokio::sync::Semaphore::new(1)),
        draining: CancellationToken::new(),
    };
    let router = http::guarded(app, vec![Call::new(Method::GET, "/probe", Access::Own, probe)]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/probe", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let served = tokio::spawn(server::serve_admin(listener, router, stop.clone()));
    let reply = reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap();
    assert_eq!(reply.status().as_u16(), 403);
    assert!(!reached.load(Ordering::Relaxed));
    stop.cancel();
    served.await.unwrap().unwrap();
    gateway.stop().await;
}
