//! The pages on which a selling partner lets the application at its data: Seller Central's consent page, and the way
//! back from the Appstore. Who is signed in, its visitor says.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;

use crate::sellers::is_selling_partner;
use crate::server::call::Query;
use crate::world::World;

/// Who is signed in unless the visitor says otherwise.
const SIGNED_IN: &str = "A3TH9S8BH6GOGM";

const STYLE: &str = "body{margin:0 auto;max-width:36rem;padding:10vh 1.5rem;font:1.1rem/1.5 sans-serif}\
    input,button{font:inherit;margin:.3rem 0;padding:.4rem .8rem}";

/// The application, as it is registered in the developer console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// `amzn1.sp.solution.…`
    pub id: String,
    /// Where sellers may be sent back to.
    pub redirect_uris: Vec<String>,
    /// Whether it is a draft, of which Amazon wants to be told with `version=beta`.
    pub is_draft: bool,
}

/// Visits that began in the Appstore and are not over.
#[derive(Debug, Default)]
pub(crate) struct Visits(HashMap<String, String>);

impl Visits {
    /// A seller has chosen the application there.
    pub(crate) fn begin(&mut self, amazon_state: &str, seller_id: &str) {
        self.0.insert(amazon_state.to_owned(), seller_id.to_owned());
    }
}

/// The pages' routes, with and without a region before them.
pub(crate) fn router() -> Router<Arc<World>> {
    Router::new()
        .route("/apps/authorize/consent", get(ask).post(decide))
        .route("/{region}/apps/authorize/consent", get(ask).post(decide))
        .route("/apps/authorize/confirm/{application}", get(confirm))
        .route("/{region}/apps/authorize/confirm/{application}", get(confirm))
}

/// What an application asks for, once it is found in order.
struct Asked {
    redirect_uri: String,
    state: String,
}

/// Why an application may not ask, in Amazon's codes.
struct Refused(&'static str, &'static str);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(code, why) = self;
        let page = page("Something went wrong", &format!("<p>{code}</p><p>{why}</p>"));
        (StatusCode::BAD_REQUEST, page).into_response()
    }
}

fn asked(world: &World, query: &Query, application_id: &str) -> Result<Asked, Refused> {
    let one = |name| query.one(name).ok().flatten().filter(|value| !value.is_empty());
    let redirect_uri = one("redirect_uri").unwrap_or_default();
    if let Some(application) = &world.state().application {
        if application.id != application_id {
            return Err(Refused("MD1000", "There is no such application."));
        }
        if application.is_draft && one("version") != Some("beta") {
            return Err(Refused("MD1000", "The application is a draft."));
        }
        if !application
            .redirect_uris
            .iter()
            .any(|known| known == redirect_uri)
        {
            return Err(Refused("MD5101", "The redirect_uri is not registered."));
        }
    }
    if redirect_uri.parse::<Uri>().is_err() || !redirect_uri.contains("://") {
        return Err(Refused("MD5101", "The redirect_uri is no URL."));
    }
    let Some(state) = one("state") else {
        return Err(Refused("", "There is no state."));
    };
    Ok(Asked {
        redirect_uri: redirect_uri.to_owned(),
        state: state.to_owned(),
    })
}

fn application_of(query: &Query) -> String {
    query
        .one("application_id")
        .ok()
        .flatten()
        .unwrap_or_default()
        .to_owned()
}

async fn ask(State(world): State<Arc<World>>, uri: Uri) -> Response {
    let query = Query::parse(&uri);
    let application = application_of(&query);
    if let Err(refused) = asked(&world, &query, &application) {
        return refused.into_response();
    }
    let form = format!(
        "<p>Do you let the application {} at your data?</p>\
         <form method=\"post\">\
         <p><label>Signed in as <input name=\"selling_partner_id\" value=\"{SIGNED_IN}\"></label></p>\
         <p><button name=\"decision\" value=\"confirm\">Confirm</button> \
         <button name=\"decision\" value=\"cancel\">Cancel</button></p></form>",
        escaped(&application)
    );
    page("Authorize an application", &form).into_response()
}

async fn decide(
    State(world): State<Arc<World>>,
    uri: Uri,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let query = Query::parse(&uri);
    let Asked { redirect_uri, state } = match asked(&world, &query, &application_of(&query)) {
        Ok(asked) => asked,
        Err(refused) => return refused.into_response(),
    };
    let seller_id = form.get("selling_partner_id").map_or(SIGNED_IN, String::as_str);
    if form.get("decision").map(String::as_str) != Some("confirm") {
        let refusal = [
            ("error", "access_denied"),
            ("error_description", "The selling partner has declined"),
            ("state", &state),
        ];
        return back(&redirect_uri, &refusal);
    }
    if !is_selling_partner(seller_id) {
        return Refused("", "Nobody of that id can be signed in.").into_response();
    }
    authorized(&world, &redirect_uri, &state, seller_id)
}

async fn confirm(
    State(world): State<Arc<World>>,
    Path(parts): Path<HashMap<String, String>>,
    uri: Uri,
) -> Response {
    let query = Query::parse(&uri);
    let application = parts.get("application").map_or("", String::as_str);
    let Asked { redirect_uri, state } = match asked(&world, &query, application) {
        Ok(asked) => asked,
        Err(refused) => return refused.into_response(),
    };
    let amazon_state = query.one("amazon_state").ok().flatten().unwrap_or_default();
    let seller_id = world.state().visits.0.remove(amazon_state);
    match seller_id {
        Some(seller_id) => authorized(&world, &redirect_uri, &state, &seller_id),
        None => Refused("", "The Appstore knows nothing of this visit.").into_response(),
    }
}

/// Sends a browser back with a code.
fn authorized(world: &World, redirect_uri: &str, state: &str, seller_id: &str) -> Response {
    let code = world.secrets.next()[..20].to_owned();
    world.state().codes.hand_out(&code, seller_id, Instant::now());
    let answer = [
        ("state", state),
        ("selling_partner_id", seller_id),
        ("spapi_oauth_code", &code),
    ];
    back(redirect_uri, &answer)
}

fn back(redirect_uri: &str, answer: &[(&str, &str)]) -> Response {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(answer)
        .finish();
    let url = format!("{redirect_uri}?{query}");
    ([(header::REFERRER_POLICY, "no-referrer")], Redirect::to(&url)).into_response()
}

fn page(title: &str, content: &str) -> Html<String> {
    Html(format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n<main>\n<h1>{title}</h1>\n{content}\n</main>\n</html>\n"
    ))
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}
