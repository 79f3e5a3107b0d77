//! A request, parsed once at the edge: what it asks for, in which form and language, who sent it.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{Mutex, PoisonError},
};

use domain::{language::Language, registration::Step};
use http::{HeaderMap, Method};
use lambda_http::{Body, Request, RequestExt, request::RequestContext};

use crate::{
    accept::{self, Representation},
    cookie::{CookieName, Cookies},
    cross_site::is_cross_site,
    environment::Site,
    fields::{self, Fields},
    measure::{Measure, StepOutcome, WizardStep},
    page::Page,
    problem::Problem,
};

/// The longest body that is read.
pub const LONGEST_BODY: usize = 16 * 1024;
/// How much of a `User-Agent` is kept as evidence.
const LONGEST_USER_AGENT: usize = 256;

/// A request.
#[derive(Debug)]
pub struct Incoming {
    /// GET or POST; HEAD is answered like GET.
    pub method: Method,
    /// Without the stage, as the browser sees it.
    pub path: String,
    /// A page or JSON.
    pub representation: Representation,
    /// The person's language.
    pub language: Language,
    /// Whether the language was chosen by `?lang=`, and is to be remembered.
    pub language_chosen: bool,
    /// What `ui_locales` in the query asks for: the wish of a relying party, never remembered.
    pub language_asked: Option<Language>,
    /// Where it comes from.
    pub caller: Caller,
    /// Names the request in logs and on error pages.
    pub request_id: String,
    /// The service it came to.
    pub site: Site,
    /// Whether the person chose the language, now or before.
    has_chosen_language: bool,
    query: Vec<(String, String)>,
    cookies: Cookies,
    headers: HeaderMap,
    body: Vec<u8>,
    /// What was counted while it was answered.
    measures: Mutex<Vec<Measure>>,
}

/// Where a request comes from.
#[derive(Clone)]
pub struct Caller {
    /// API Gateway's word, or the edge's where it shows its secret; never another header's.
    pub address: IpAddr,
    /// What the browser calls itself, shortened.
    pub user_agent: String,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Caller(redacted)")
    }
}

impl Incoming {
    /// Parses a request of API Gateway.
    pub fn parse(request: Request, site: Site) -> Self {
        let context = request.request_context_ref();
        let (address, context_id) = match context {
            Some(RequestContext::ApiGatewayV1(context)) => {
                (context.identity.source_ip.as_deref().and_then(|ip| ip.parse().ok()), context.request_id.clone())
            }
            _ => (None, None),
        };
        let query: Vec<(String, String)> = request
            .query_string_parameters_ref()
            .map(|parameters| parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
            .unwrap_or_default();
        let path = request.raw_http_path().to_owned();
        let (parts, body) = request.into_parts();
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let cookies = Cookies::parse(parts.headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok()));
        let first = |name| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let chosen = first("lang").and_then(|tag| tag.parse().ok());
        let remembered = cookies.value("lang").and_then(|tag| tag.parse().ok());
        let language_asked = first("ui_locales").and_then(Language::first_known);
        let language = chosen
            .or(remembered)
            .or(language_asked)
            .or_else(|| header("accept-language").and_then(accept::language))
            .unwrap_or_default();
        let body = match body {
            Body::Text(text) => text.into_bytes(),
            Body::Binary(bytes) => bytes,
            _ => Vec::new(),
        };
        let representation = match header("content-type").map(media_type) {
            Some(MediaType::Json) if !body.is_empty() => Representation::Json,
            _ => accept::representation(header("accept").unwrap_or_default()),
        };
        let caller = Caller {
            address: site.edge.viewer_address(&parts.headers).or(address).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            user_agent: header("user-agent").unwrap_or_default().chars().take(LONGEST_USER_AGENT).collect(),
        };
        Self {
            method: parts.method,
            path,
            representation,
            language,
            language_chosen: chosen.is_some(),
            language_asked,
            has_chosen_language: chosen.or(remembered).is_some(),
            caller,
            request_id: context_id.unwrap_or_default(),
            site,
            query,
            cookies,
            headers: parts.headers,
            body,
            measures: Mutex::default(),
        }
    }

    /// Counts something; it is written when the request is answered.
    pub fn measure(&self, measure: impl Into<Option<Measure>>) {
        self.measures.lock().unwrap_or_else(PoisonError::into_inner).extend(measure.into());
    }

    /// Counts a step of the wizard as passed, if the registration stood at it: what is done again, or sent again, has
    /// been passed before.
    pub fn passed(&self, step: Step, stood_at: Step) {
        if step == stood_at {
            self.measure(Measure::RegistrationStep(WizardStep::At(step), StepOutcome::Done));
        }
    }

    /// What was counted.
    pub(crate) fn measures(&self) -> Vec<Measure> {
        self.measures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A header's value, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A cookie's value.
    pub fn cookie(&self, cookie: CookieName) -> Option<&str> {
        self.cookies.value(&self.site.cookies.name(cookie))
    }

    /// A query parameter's first value.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a header that is text.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// Each query parameter, decoded.
    pub fn query_pairs(&self) -> impl Iterator<Item = (String, String)> {
        self.query.iter().cloned()
    }

    /// Each pair of a form body, decoded, in order and repeats included.
    ///
    /// # Errors
    /// [`Problem::TooLarge`], [`Problem::UnsupportedMediaType`] for any other body, [`Problem::MalformedRequest`].
    pub fn form(&self) -> Result<Vec<(String, String)>, Problem> {
        if self.body.len() > LONGEST_BODY {
            return Err(Problem::TooLarge);
        }
        // Many clients name a type on every request, also where there is no body.
        if self.body.is_empty() {
            return Ok(Vec::new());
        }
        match self.header("content-type").map(media_type) {
            Some(MediaType::Form) => fields::pairs(&self.body),
            _ => Err(Problem::UnsupportedMediaType),
        }
    }

    /// Refuses a request that another site had the browser send (OWASP ASVS 5.0 section 3.5).
    ///
    /// # Errors
    /// [`Problem::CrossSiteRequest`].
    pub fn refuse_cross_site(&self) -> Result<(), Problem> {
        let (site, origin) = (self.header("sec-fetch-site"), self.header("origin"));
        if is_cross_site(site, origin, &self.site.issuer) { Err(Problem::CrossSiteRequest) } else { Ok(()) }
    }

    /// The body's fields.
    ///
    /// # Errors
    /// [`Problem::TooLarge`], [`Problem::UnsupportedMediaType`], [`Problem::MalformedRequest`].
    pub fn fields(&self) -> Result<Fields, Problem> {
        if self.body.len() > LONGEST_BODY {
            return Err(Problem::TooLarge);
        }
        match self.header("content-type").map(media_type) {
            Some(MediaType::Form) => Fields::from_form(&self.body),
            Some(MediaType::Json) => Fields::from_json(&self.body),
            None if self.body.is_empty() => Ok(Fields::default()),
            _ => Err(Problem::UnsupportedMediaType),
        }
    }

    /// The text in the person's language.
    pub const fn say<'a>(&self, th: &'a str, en: &'a str) -> &'a str {
        self.language.say(th, en)
    }

    /// The language of a page that serves a request which asks for one: the person's choice comes first.
    pub fn language_for(&self, asked: Option<Language>) -> Language {
        asked.filter(|_| !self.has_chosen_language).unwrap_or(self.language)
    }

    /// What the layout needs to know.
    pub fn page(&self) -> Page {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.query.iter().filter(|(name, _)| name != "lang"));
        let query = query.finish();
        Page {
            language: self.language,
            path: self.path.clone(),
            query: if query.is_empty() { query } else { format!("&{query}") },
            host: self.site.host.clone(),
            expires_at: None,
            has_errors: false,
        }
    }
}

enum MediaType {
    Form,
    Json,
    Other,
}

fn media_type(content_type: &str) -> MediaType {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        MediaType::Form
    } else if essence.eq_ignore_ascii_case("application/json") {
        MediaType::Json
    } else {
        MediaType::Other
    }
}
