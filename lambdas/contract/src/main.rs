//! Prints the API's OpenAPI document:
//! `cargo build --workspace --bins && target/debug/contract > lambdas/contract/openapi.json`.
//! With the whole workspace, because alone it would compile the AWS SDK anew, with fewer features.

fn main() {
    print!("{}", contract::document_text());
}
