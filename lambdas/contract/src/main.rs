//! Prints the API's OpenAPI document: `cargo run --release -p contract > lambdas/contract/openapi.json`.

fn main() {
    print!("{}", contract::document_text());
}
