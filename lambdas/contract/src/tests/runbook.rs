use pipeline::domain::AdviceCode;

use super::file;

#[test]
fn the_runbook_knows_every_piece_of_advice() {
    let schema = schemars::schema_for!(AdviceCode).to_value();
    let codes: Vec<&str> = schema["oneOf"]
        .as_array()
        .expect("one of several")
        .iter()
        .filter_map(|code| code["const"].as_str().or_else(|| code["enum"][0].as_str()))
        .collect();
    assert!(codes.contains(&"AuthorizeAgain"), "{schema}");
    let runbook = file("cdk/RUNBOOK.md");
    for code in codes {
        assert!(runbook.contains(&format!("`{code}`")), "{code}");
    }
}
