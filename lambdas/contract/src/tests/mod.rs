mod described;
mod postman;
mod readme;
mod runbook;

use crate::document_text;

/// Where the document is committed.
const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

/// A file of the repository, by its path there.
fn file(path: &str) -> String {
    let path = format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_committed_document_is_that_of_the_types() {
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(
        committed == document_text(),
        "cargo build --workspace --bins && target/debug/contract > lambdas/contract/openapi.json renews it"
    );
}

#[test]
fn every_reference_leads_to_a_component_and_every_component_is_referred_to() {
    let document = crate::document();
    let text = document.to_string();
    let components = document["components"]["schemas"].as_object().expect("schemas");
    for name in components.keys() {
        assert!(
            text.contains(&format!("\"#/components/schemas/{name}\"")),
            "{name}"
        );
    }
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let (name, _) = reference.split_once('"').expect("an end");
        assert!(components.contains_key(name), "{name}");
    }
    assert!(!text.contains("$defs"));
}
