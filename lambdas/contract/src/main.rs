//! Prints the API's OpenAPI document: `cargo build --release --workspace --bins && target/release/contract > lambdas/contract/openapi.json`.

fn main() {
    print!("{}", contract::document_text());
}
