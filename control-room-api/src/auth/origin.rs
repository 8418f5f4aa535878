//! Whether a request comes from one of our own pages: a foreign page must not act with a person's cookie.

use axum::http::{HeaderMap, header};

/// Whether a request may come without naming its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// Browsers always name it here; without it the request is refused.
    Always,
    /// Programs name none; one that is named must be ours.
    IfNamed,
}

/// Whether the request's `Origin` is the public one, or that of the host it was sent to.
pub(crate) fn is_own_origin(headers: &HeaderMap, public: Option<&str>, expected: Expected) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return expected == Expected::IfNamed };
    let Ok(origin) = origin.to_str() else { return false };
    if public.is_some_and(|public| public.trim_end_matches('/').eq_ignore_ascii_case(origin)) {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let named = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    matches!((named, host), (Some(named), Some(host)) if named.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(origin: &'static str, expected: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8080"));
        headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        let public = Some("https://specola.example.it/");
        assert_eq!(is_own_origin(&headers, public, Expected::Always), expected, "{origin}");
    }

    #[test]
    fn only_our_own_pages_may_act() {
        check("http://127.0.0.1:8080", true);
        check("https://specola.example.it", true);
        check("https://evil.example", false);
        check("http://127.0.0.1:8080.evil.example", false);
        check("http://127.0.0.1", false);
        check("null", false);
        check("", false);
    }

    #[test]
    fn a_browser_always_names_its_page_and_a_program_need_not() {
        assert!(!is_own_origin(&HeaderMap::new(), None, Expected::Always));
        assert!(is_own_origin(&HeaderMap::new(), None, Expected::IfNamed));
    }
}
