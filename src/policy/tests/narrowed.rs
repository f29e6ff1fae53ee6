//! What is evaluated is less than what stands in the files: of the policies those that bear on the
//! question, without their scope, and of the entities what those look at. Here the whole files, whole
//! entities and a request that the schema checked are asked the same.

use std::{collections::BTreeSet, str::FromStr as _};

use cedar_policy::{Authorizer, Decision as Cedar, Entities, PolicySet, Request};

use super::{
    support::*,
    worlds::{Asked, Verb},
};
use crate::policy::{Addressed, Ask, Decision};

#[test]
fn the_narrowed_question_is_answered_as_the_whole_files_answer_it() {
    let whole = whole_files();
    let (mut asked, mut allowed) = (0, 0);
    // One in five suffices: agencies and circumstances come round with each type of message.
    for case in Asked::all().step_by(5) {
        for &verb in case.verbs() {
            let decision = case.decide(shipped(), verb);
            let told = told(&decision);
            let mut world = case.world();
            if verb == Verb::Send {
                world.sender = id(case.who);
            }
            let answer = world.with(|ask| {
                let agency = ask.directory.agency(&id(case.who)).unwrap();
                ask_whole(&whole, ask, &world.addressed(agency), verb)
            });
            assert_eq!(told, answer, "{case:?} {verb:?}");
            asked += 1;
            allowed += u32::from(decision.is_allowed());
        }
    }
    println!("{asked} questions to the whole files, {allowed} allowed");
    assert!(asked > 3_000 && allowed > 300, "{asked} {allowed}");
}

fn whole_files() -> PolicySet {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let texts = files.filter(|path| path.extension().is_some_and(|end| end == "cedar"));
    let texts: String = texts.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    PolicySet::from_str(&texts).unwrap()
}

fn told(decision: &Decision) -> (bool, BTreeSet<String>) {
    (decision.is_allowed(), decision.grounds.iter().map(|ground| ground.id.clone()).collect())
}

fn ask_whole(whole: &PolicySet, ask: &Ask, to: &Addressed, verb: Verb) -> (bool, BTreeSet<String>) {
    let (words, schema) = (&shipped().words, &shipped().schema);
    let kind = ask.message.message_type;
    let meeting_id = ask.message.meeting_id.filter(|_| kind.belongs_to_meeting());
    let meeting = ask.case.zip(meeting_id).and_then(|(case, id)| case.meeting(id));
    let sender = &ask.sender.agency_id;
    let mut entities = vec![
        words.agency(ask.sender, ask.case).unwrap(),
        words.message(ask.message, sender, (ask.case, meeting), None).unwrap(),
    ];
    if to.agency.agency_id != *sender {
        entities.push(words.agency(to.agency, ask.case).unwrap());
    }
    entities.extend(ask.case.map(|case| words.case(case, ask.now, None).unwrap()));
    entities.extend(meeting.map(|meeting| words.meeting(meeting, None).unwrap()));
    let entities = Entities::from_entities(entities, Some(schema)).unwrap();

    let approved = ask.case.into_iter().flat_map(|case| &case.approvals);
    let approved = approved.filter(|given| given.to == to.agency.agency_id).map(|given| given.kind);
    let context = match verb {
        Verb::Receive => words.receiving(ask.now, to, approved.into_iter(), None).unwrap(),
        Verb::Send | Verb::SeeVictims => words.sending(ask.now, None).unwrap(),
    };
    let who = if verb == Verb::Send { sender } else { &to.agency.agency_id };
    let action = verb.action(shipped(), kind);
    let request =
        Request::new(words.agency_uid(who), action, words.message_uid(), context, Some(schema)).unwrap();
    let answer = Authorizer::new().is_authorized(&request, whole, &entities);
    assert_eq!(answer.diagnostics().errors().count(), 0);
    let name = |id| whole.annotation(id, "id").unwrap().to_owned();
    (answer.decision() == Cedar::Allow, answer.diagnostics().reason().map(name).collect())
}
