//! What is odd, and what documents are called.

use super::*;

#[test]
fn zeros_behind_a_gzip_may_be_missing_and_nothing_else() {
    let mut evidence = good();
    evidence.objects[1].sha256 = "other".into();
    evidence.reports[1].oddity = Some("zeros-behind-gzip".into());
    assert_eq!(Verdict::of(&evidence).different, 0);
    evidence.objects[1].content_sha256 = "other".into();
    assert_eq!(Verdict::of(&evidence).different, 1);
    evidence.objects[1].content_sha256 = evidence.reports[1].content_sha256.clone().expect("known");
    evidence.reports[1].oddity = Some("gzip-undeclared".into());
    assert_eq!(Verdict::of(&evidence).different, 1);
}

#[test]
fn a_document_is_called_what_its_bytes_are() {
    let mislabelled = |spoil: &dyn Fn(&mut Evidence)| spoilt(spoil).mislabelled;
    let gzip = |evidence: &mut Evidence| evidence.reports[0].is_gzip = true;
    assert_eq!(mislabelled(&gzip), 1);
    let encoded = |evidence: &mut Evidence| evidence.objects[0].content_encoding = Some("gzip".into());
    assert_eq!(mislabelled(&encoded), 1);
    let undeclared = |evidence: &mut Evidence| {
        gzip(evidence);
        encoded(evidence);
    };
    assert_eq!(mislabelled(&undeclared), 1, "its name does not say so");
    let charset = |evidence: &mut Evidence| {
        evidence.objects[0].content_type = Some("text/plain; charset=\"Shift_JIS\"".into());
    };
    assert_eq!(mislabelled(&charset), 1);
    let mut evidence = good();
    evidence.objects[0].content_type = Some("text/plain".into());
    evidence.objects[1].content_type = Some("text/plain; Charset=Cp1252".into());
    assert!(Verdict::of(&evidence).is_good());
}

#[test]
fn the_reason_of_a_failure_is_kept_apart_from_the_data() {
    let verdict = spoilt(|evidence| {
        let reason = evidence.objects.last_mut().expect("the failed report's");
        reason.key = reason.key.replace("errors/", "");
        evidence.rows[3].object_key = Some(reason.key.clone());
    });
    assert_eq!(verdict.mislabelled, 1);
    let mut evidence = good();
    evidence.reports[3].oddity = Some("fatal-reason".into());
    assert_eq!(Verdict::of(&evidence).mislabelled, 1, "it is JSON");
    let key = evidence.objects[2].key.replace(".txt", ".json");
    evidence.objects[2].key.clone_from(&key);
    evidence.rows[3].object_key = Some(key);
    assert_eq!(Verdict::of(&evidence).problems, [""; 0]);
}
