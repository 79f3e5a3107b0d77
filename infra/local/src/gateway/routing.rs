//! Which function a request goes to, by API Gateway's precedence.

use std::collections::BTreeMap;

use http::Method;
use percent_encoding::percent_decode_str;

use crate::template::Route;

/// Routes and what stands behind each.
pub(super) struct Routes<T>(Vec<(Route, T)>);

/// A request's route, with what its path says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// The request's.
    pub method: Method,
    /// The route's path as the template has it.
    pub resource: String,
    /// The values of the path's `{name}`s, percent-decoded.
    pub path_parameters: BTreeMap<String, String>,
}

/// How closely a segment fits; the derived order is the precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Greedy,
    Parameter,
    Exact,
}

impl<T> Routes<T> {
    pub(super) fn new(routes: Vec<(Route, T)>) -> Self {
        Self(routes)
    }

    /// The route for a method and a raw path: segment by segment exact before `{name}` before `{name+}`; then the
    /// method's own before ANY. A path that has routes, but none for the method, falls to no other path's: REST APIs
    /// answer it themselves, and HEAD is a method like any other. No page of ours is asked for by HEAD.
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<(Matched, &T)> {
        let fitting: Vec<_> =
            self.0.iter().filter_map(|(route, behind)| Some((fit(&route.path, path)?, route, behind))).collect();
        let closest = fitting.iter().map(|((fit, _), ..)| fit).max()?.clone();
        let own = fitting
            .into_iter()
            .filter(|((fit, _), route, _)| *fit == closest && route.method.as_ref().is_none_or(|own| own == method));
        let ((_, path_parameters), route, behind) = own.max_by_key(|(_, route, _)| route.method.is_some())?;
        Some((Matched { method: method.clone(), resource: route.path.clone(), path_parameters }, behind))
    }
}

/// The segments of a path; one slash at the end changes nothing, as in API Gateway.
fn segments(path: &str) -> Vec<&str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() { Vec::new() } else { path.split('/').collect() }
}

fn fit(pattern: &str, path: &str) -> Option<(Vec<Fit>, BTreeMap<String, String>)> {
    let (pattern, path) = (segments(pattern), segments(path));
    let (mut fits, mut parameters) = (Vec::new(), BTreeMap::new());
    let mut rest = path.as_slice();
    for expected in pattern {
        let (first, following) = rest.split_first()?;
        let name = expected.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        match name.map(|name| name.strip_suffix('+').ok_or(name)) {
            None if expected == decoded(first) => fits.push(Fit::Exact),
            None => return None,
            Some(Err(name)) => {
                parameters.insert(name.to_owned(), decoded(first));
                fits.push(Fit::Parameter);
            }
            Some(Ok(name)) => {
                parameters.insert(name.to_owned(), decoded(&rest.join("/")));
                fits.push(Fit::Greedy);
                return Some((fits, parameters));
            }
        }
        rest = following;
    }
    rest.is_empty().then_some((fits, parameters))
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes<&'static str> {
        Routes::new(vec![
            (Route::any("/{proxy+}"), "home"),
            (Route::any("/"), "root"),
            (Route::any("/account/{page}"), "any account page"),
            (Route::new(Method::GET, "/account/{page}"), "account page"),
            (Route::new(Method::GET, "/account/sessions"), "sessions"),
            (Route::new(Method::POST, "/account/{proxy+}"), "account posts"),
            (Route::new(Method::GET, "/assets/{proxy+}"), "assets"),
            (Route::new(Method::POST, "/sign-in"), "sign-in"),
        ])
    }

    #[track_caller]
    fn goes_to(method: Method, path: &str, expected: &str) {
        assert_eq!(routes().find(&method, path).map(|(_, behind)| *behind), Some(expected), "{method} {path}");
    }

    #[test]
    fn exact_beats_a_parameter_beats_greedy() {
        goes_to(Method::GET, "/account/sessions", "sessions");
        goes_to(Method::GET, "/account/devices", "account page");
        goes_to(Method::GET, "/assets/a/b.css", "assets");
        goes_to(Method::GET, "/assets", "home");
        goes_to(Method::GET, "/", "root");
    }

    #[test]
    fn a_methods_own_route_beats_any() {
        goes_to(Method::PUT, "/account/devices", "any account page");
        goes_to(Method::GET, "/account/devices", "account page");
        // A closer path beats a closer method.
        goes_to(Method::POST, "/account/devices", "any account page");
        goes_to(Method::POST, "/account/devices/7", "account posts");
    }

    #[test]
    fn a_path_without_the_method_falls_to_no_other_paths_route() {
        let routes = routes();
        for (method, path) in [
            (Method::GET, "/sign-in"),
            (Method::GET, "/account/devices/7"),
            (Method::HEAD, "/account/sessions"),
            (Method::PUT, "/account/sessions"),
            (Method::POST, "/assets/a/b.css"),
        ] {
            assert!(routes.find(&method, path).is_none(), "{method} {path}");
        }
        goes_to(Method::HEAD, "/", "root");
        goes_to(Method::POST, "/sign-in/otp", "home");
    }

    #[test]
    fn parameters_are_decoded_and_a_slash_at_the_end_is_nothing() {
        let routes = routes();
        let (matched, _) = routes.find(&Method::GET, "/assets/a%20b/c%2Fd").unwrap();
        assert_eq!(matched.path_parameters, BTreeMap::from([("proxy".to_owned(), "a b/c/d".to_owned())]));
        assert_eq!(matched.resource, "/assets/{proxy+}");
        goes_to(Method::POST, "/sign-in/", "sign-in");
    }
}
