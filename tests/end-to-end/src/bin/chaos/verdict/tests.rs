//! A verdict that could not be bad would say nothing.

mod labels;

use jiff::Timestamp;

use super::*;
use crate::evidence::{DeadLetter, Object, Publish, Upload, WithoutSecret};
use crate::ordering::{Receipt, Sent};
use crate::processes::Killed;

const SELLER: &str = "A1";

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(1_000 + second).expect("valid")
}

fn report(order: usize, status: &str, has_document: bool) -> TrueReport {
    TrueReport {
        seller: SELLER.into(),
        id: format!("50{order}"),
        region: "EU".into(),
        report_type: "GET_X".into(),
        order: Some(order),
        status: status.into(),
        has_document,
        bytes: has_document.then_some(5),
        sha256: has_document.then(|| format!("sha-{order}")),
        content_sha256: has_document.then(|| format!("content-{order}")),
        is_gzip: false,
        charset: has_document.then(|| "windows-1252".into()),
        oddity: None,
        notified: 1,
    }
}

fn object(report: &TrueReport) -> Object {
    let folder = match report.status.as_str() {
        "FATAL" => "errors/",
        _ => "",
    };
    Object {
        key: format!(
            "{folder}SellerId={SELLER}/ReportType=GET_X/date=2026-11-22/{}.txt",
            report.id
        ),
        bytes: 5,
        sha256: report.sha256.clone().unwrap_or_default(),
        crc64nvme: format!("crc-{}", report.id),
        content_sha256: report.content_sha256.clone().unwrap_or_default(),
        content_type: Some("text/plain; charset=ISO-8859-1".into()),
        content_encoding: None,
    }
}

fn report_row(report: &TrueReport, status: &str) -> Row {
    let object = report.has_document.then(|| object(report));
    Row {
        seller: SELLER.into(),
        id: report.id.clone(),
        status: status.into(),
        object_key: object.as_ref().map(|object| object.key.clone()),
        bytes: object.as_ref().map(|object| object.bytes),
        crc64nvme: object.map(|object| object.crc64nvme),
        ..Row::default()
    }
}

fn mail(about: &str, kind: Kind, at: i64) -> Mail {
    Mail {
        seller: SELLER.into(),
        about: about.into(),
        kind,
        subject: "Amazon report".into(),
        published_at: second(at),
    }
}

fn sent(order: usize, receipt: Receipt) -> Sent {
    Sent {
        order,
        seller: SELLER.into(),
        report_type: "GET_X".into(),
        has_key: true,
        receipts: vec![receipt],
        refusal: None,
    }
}

/// Everything as it should be: a report that was ordered at once, one that waited, one that Amazon
/// cancelled, one that it could not make; and a piece of garbage.
fn good() -> Evidence {
    let reports = vec![
        report(0, "DONE", true),
        report(1, "DONE", true),
        report(2, "CANCELLED", false),
        report(3, "FATAL", true),
    ];
    let statuses = ["ANNOUNCED", "ANNOUNCED", "CANCELLED", "FATAL"];
    let mut rows: Vec<_> = reports
        .iter()
        .zip(statuses)
        .map(|(report, status)| report_row(report, status))
        .collect();
    rows.push(Row {
        seller: SELLER.into(),
        id: "order-1".into(),
        status: "PLACED".into(),
        placed_as: Some("501".into()),
        ..Row::default()
    });
    let ordered = [0, 2, 3].map(|order| sent(order, Receipt::Report(format!("50{order}"))));
    let mut orders = ordered.to_vec();
    orders.push(sent(1, Receipt::Request("order-1".into())));
    Evidence {
        objects: reports
            .iter()
            .filter(|report| report.has_document)
            .map(object)
            .collect(),
        mails: reports
            .iter()
            .map(|report| mail(&report.id, Kind::Ended, 0))
            .collect(),
        dead_letters: vec![DeadLetter {
            body: "garbage".into(),
            error_type: Some("Unreadable".into()),
        }],
        garbage: vec!["garbage".into()],
        orders,
        reports,
        rows,
        ..Evidence::default()
    }
}

/// The verdict on everything as it should be, but for one thing.
fn spoilt(spoil: impl FnOnce(&mut Evidence)) -> Verdict {
    let mut evidence = good();
    spoil(&mut evidence);
    let verdict = Verdict::of(&evidence);
    assert!(!verdict.is_good(), "{verdict:?}");
    verdict
}

#[test]
fn what_is_as_it_should_be_is_good() {
    let verdict = Verdict::of(&good());
    assert_eq!(verdict.problems, [""; 0]);
    let expected = Verdict {
        ordered: 4,
        accepted: 4,
        made: 4,
        stored: 3,
        byte_identical: 3,
        announced: 4,
        dead_letters: 1,
        garbage: 1,
        ..Verdict::default()
    };
    assert_eq!(verdict, expected);
}

#[test]
fn a_missing_object_row_or_email_is_a_loss() {
    assert_eq!(spoilt(|evidence| evidence.objects.truncate(2)).lost, 1);
    assert_eq!(spoilt(|evidence| evidence.mails.truncate(2)).lost, 2);
    assert_eq!(spoilt(|evidence| drop(evidence.rows.remove(0))).lost, 1);
    assert_eq!(
        spoilt(|evidence| evidence.rows[1].status = "STORED".into()).lost,
        1
    );
    let failed = spoilt(|evidence| {
        evidence.rows[0].status = "FAILED".into();
        evidence.rows[0].error = Some("States.Timeout".into());
        evidence.mails[0].kind = Kind::NotDelivered;
    });
    assert_eq!(failed.lost, 1);
    let everything = spoilt(|evidence| {
        evidence.objects.clear();
        evidence.mails.clear();
        evidence.rows.truncate(0);
    });
    assert_eq!(everything.lost, 4, "each counts once");
}

#[test]
fn another_byte_is_a_difference() {
    let verdict = spoilt(|evidence| evidence.objects[1].sha256 = "other".into());
    assert_eq!((verdict.different, verdict.byte_identical), (1, 2));
    spoilt(|evidence| evidence.rows[0].crc64nvme = Some("other".into()));
    spoilt(|evidence| evidence.rows[0].object_key = None);
}

#[test]
fn a_second_object_or_a_strange_one_is_noticed() {
    spoilt(|evidence| {
        let mut second = evidence.objects[0].clone();
        second.key = second.key.replace("2026-11-22", "2026-11-23");
        evidence.objects.push(second);
    });
    spoilt(|evidence| {
        let mut strange = evidence.objects[0].clone();
        strange.key = strange.key.replace("500", "999");
        evidence.objects.push(strange);
    });
    spoilt(|evidence| evidence.objects.push(object(&report(2, "CANCELLED", false))));
    spoilt(|evidence| evidence.rows[0].id = "999".into());
    spoilt(|evidence| evidence.mails[0].about = "999".into());
}

fn publish(about: &str, sender: &str, at: i64) -> Publish {
    Publish {
        seller: SELLER.into(),
        about: about.into(),
        sender: Some(sender.into()),
        at: second(at),
    }
}

fn killed(function: &'static str, name: &str, at: i64) -> Killed {
    Killed {
        at: second(at),
        function,
        name: name.into(),
    }
}

/// Two e-mails about one report, 30 seconds apart, from two processes; with these kills.
fn told_twice(kills: &[Killed]) -> Evidence {
    let mut evidence = good();
    evidence.mails.push(mail("500", Kind::Ended, 35));
    evidence.publishes = vec![
        publish("501", "a", 4),
        publish("500", "a", 5),
        publish("500", "b", 35),
    ];
    evidence.kills = kills.to_vec();
    evidence
}

/// How many were told twice, without and with an excuse.
fn twice(evidence: &Evidence) -> (usize, usize) {
    let verdict = Verdict::of(evidence);
    assert_eq!(
        verdict.is_good(),
        verdict.announced_twice == 0,
        "{:?}",
        verdict.problems
    );
    (verdict.announced_twice, verdict.twice_because_killed)
}

#[test]
fn a_second_email_is_explained_by_its_first_senders_violent_end_only() {
    let with = |kill| twice(&told_twice(&[kill]));
    assert_eq!(twice(&told_twice(&[])), (1, 0));
    assert_eq!(with(killed("report-notifier", "a", 6)), (0, 1));
    assert_eq!(
        with(killed("report-notifier", "b", 36)),
        (1, 0),
        "the second's sender"
    );
    assert_eq!(with(killed("report-notifier", "c", 6)), (1, 0), "another process");
    assert_eq!(with(killed("report-document-storage", "a", 6)), (1, 0));
    assert_eq!(
        with(killed("report-notifier", "a", 4)),
        (1, 0),
        "before the first"
    );
    assert_eq!(
        with(killed("report-notifier", "a", 16)),
        (1, 0),
        "long after the first"
    );
}

#[test]
fn a_kill_after_the_second_email_explains_nothing() {
    let mut evidence = told_twice(&[killed("report-notifier", "a", 9)]);
    assert_eq!(twice(&evidence), (0, 1));
    evidence.publishes[2].at = second(8);
    assert_eq!(twice(&evidence), (1, 0));
}

#[test]
fn an_email_arrives_although_its_sender_is_dead() {
    let mut evidence = told_twice(&[killed("report-notifier", "a", 5)]);
    evidence.publishes[1].at += std::time::Duration::from_millis(500);
    assert_eq!(twice(&evidence), (0, 1));
}

#[test]
fn an_email_is_excused_only_if_its_sender_sent_no_other_after_it() {
    let mut evidence = told_twice(&[killed("report-notifier", "a", 7)]);
    evidence.publishes.push(publish("502", "a", 6));
    assert_eq!(twice(&evidence), (1, 0));
}

#[test]
fn every_email_but_one_needs_an_excuse() {
    let mut evidence = told_twice(&[killed("report-notifier", "a", 6)]);
    evidence.mails.push(mail("500", Kind::Ended, 65));
    assert_eq!(twice(&evidence), (1, 0), "nobody saw it being sent");
    evidence.publishes.push(publish("500", "c", 65));
    assert_eq!(twice(&evidence), (1, 0));
    evidence.kills.push(killed("report-notifier", "b", 36));
    assert_eq!(twice(&evidence), (0, 1));
}

#[test]
fn an_order_becomes_one_report() {
    let without = spoilt(|evidence| evidence.orders.push(sent(9, Receipt::Request("order-9".into()))));
    assert_eq!(without.orders_without_report, 1);
    let twice = spoilt(|evidence| {
        evidence.reports[1].order = Some(0);
        evidence.rows[4].placed_as = None;
    });
    assert_eq!((twice.made_twice, twice.orders_without_report), (1, 1));
    spoilt(|evidence| evidence.reports[0].order = None);
}

#[test]
fn orders_that_nobody_can_tell_apart_may_have_each_others_reports_but_each_its_own() {
    let mut evidence = good();
    evidence.reports[1].order = Some(0);
    let verdict = Verdict::of(&evidence);
    assert_eq!((verdict.problems, verdict.exchanged), (vec![], 1));
    let other_type = spoilt(|evidence| {
        evidence.reports[1].order = Some(0);
        evidence.reports[1].report_type = "GET_Y".into();
    });
    assert_eq!(other_type.exchanged, 0);
    let shared = spoilt(|evidence| {
        evidence.reports[1].order = Some(0);
        evidence.orders[0].receipts = vec![Receipt::Report("501".into())];
    });
    assert_eq!(shared.exchanged, 0);
}

#[test]
fn an_answer_holds_for_ever() {
    let other = Receipt::Report("999".into());
    spoilt(|evidence| evidence.orders[0].receipts.push(other.clone()));
    spoilt(|evidence| evidence.orders[0].receipts = vec![other.clone()]);
    spoilt(|evidence| evidence.rows[4].placed_as = Some("500".into()));
    spoilt(|evidence| evidence.rows[4].status = "QUEUED".into());
}

#[test]
fn a_refusal_is_fine_only_where_nobody_may_try_again() {
    let refused = |has_key| Sent {
        has_key,
        receipts: Vec::new(),
        refusal: Some("503".into()),
        ..sent(9, Receipt::Report(String::new()))
    };
    let mut evidence = good();
    evidence.orders.push(refused(false));
    let verdict = Verdict::of(&evidence);
    assert!(verdict.is_good(), "{:?}", verdict.problems);
    assert_eq!((verdict.refused_without_key, verdict.accepted), (1, 4));
    spoilt(|evidence| evidence.orders.push(refused(true)));
}

#[test]
fn the_dead_letter_queue_holds_all_garbage_with_its_reason_and_nothing_else() {
    spoilt(|evidence| evidence.dead_letters.clear());
    spoilt(|evidence| evidence.dead_letters[0].error_type = None);
    spoilt(|evidence| {
        evidence.dead_letters.push(DeadLetter {
            body: "a notification".into(),
            error_type: Some("Transient".into()),
        });
    });
}

#[test]
fn nothing_is_left_lying_about() {
    spoilt(|evidence| evidence.running.push("A1_500".into()));
    spoilt(|evidence| evidence.waiting_messages = 1);
    let upload = Upload {
        key: "SellerId=A1/x".into(),
        begun_at: Some(second(5)),
    };
    spoilt(|evidence| evidence.uploads.push(upload.clone()));
    let mut evidence = good();
    evidence.uploads.push(upload);
    evidence.kills.push(killed("report-document-storage", "a", 6));
    let verdict = Verdict::of(&evidence);
    assert!(verdict.is_good(), "{:?}", verdict.problems);
    assert_eq!(verdict.uploads_left_behind, 1);
    evidence.kills.clear();
    evidence.uploads_without_answer = 1;
    assert_eq!(
        Verdict::of(&evidence).uploads_left_behind,
        1,
        "nobody heard of it"
    );
    spoilt(|spoilt| {
        spoilt.uploads.clone_from(&evidence.uploads);
        spoilt.uploads.extend_from_within(..);
        spoilt.uploads_without_answer = 1;
    });
}

#[test]
fn an_obstacle_is_told_once_and_only_of_one_whose_authorization_was_withdrawn() {
    let tell = |evidence: &mut Evidence, times: i64| {
        for time in 0..times {
            evidence
                .mails
                .push(mail("obstacle: Amazon does not accept", Kind::Obstacle, time));
        }
    };
    let mut evidence = good();
    evidence.revoked.insert(SELLER.into());
    tell(&mut evidence, 1);
    let verdict = Verdict::of(&evidence);
    assert!(verdict.is_good(), "{:?}", verdict.problems);
    assert_eq!(verdict.obstacles_told, 1);
    spoilt(|evidence| tell(evidence, 1));
    let twice = spoilt(|evidence| {
        evidence.revoked.insert(SELLER.into());
        tell(evidence, 2);
    });
    assert_eq!(twice.announced_twice, 1);
}

#[test]
fn a_long_time_without_a_secret_is_told_of_once_and_its_end_once() {
    let about_all = |words: &str| Mail {
        seller: String::new(),
        ..mail(&format!("obstacle: {words}"), Kind::Obstacle, 1)
    };
    let (refused, mended) = (about_all("does not accept"), about_all("answers again"));
    let long = WithoutSecret::Long { waited: 7 };
    let mut evidence = good();
    evidence.without_secret = long;
    evidence.mails.extend([refused.clone(), mended.clone()]);
    let verdict = Verdict::of(&evidence);
    assert!(verdict.is_good(), "{:?}", verdict.problems);
    assert_eq!((verdict.obstacles_told, verdict.waited_for_secret), (2, 7));
    spoilt(|evidence| evidence.mails.push(refused.clone()));
    spoilt(|evidence| {
        evidence.without_secret = long;
        evidence.mails.push(refused.clone());
    });
    spoilt(|evidence| {
        evidence.without_secret = long;
        evidence
            .mails
            .extend([refused.clone(), mended.clone(), mended.clone()]);
    });
}

#[test]
fn a_withdrawn_authorization_is_no_reason_to_lose_anything() {
    let waiting = spoilt(|evidence| {
        evidence.rows[0].status = "WAITING_FOR_OWNER".into();
        evidence.rows[0].object_key = None;
        evidence.objects.remove(0);
        evidence.mails.remove(0);
        evidence.revoked.insert(SELLER.into());
    });
    assert_eq!(waiting.lost, 1);
}
