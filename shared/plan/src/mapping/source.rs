//! The right side of a parameter mapping.

use super::JsonPath;

/// Where a mapped value comes from. Which message a header or a body is of depends on where the mapping stands: the request on
/// the way in, the integration's answer on the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `'text'`
    Static(String),
    /// `header.{name}`, the name in lower case.
    Header(String),
    /// `multivalueheader.{name}`, the name in lower case.
    MultiHeader(String),
    /// `querystring.{name}`
    Query(String),
    /// `multivaluequerystring.{name}`
    MultiQuery(String),
    /// `path.{name}`
    Path(String),
    /// `request.path`, of HTTP APIs: all of the path that the stage is not in.
    WholePath,
    /// `method.input.params.{name}`: path, then query string, then header.
    Params(String),
    /// `body` or `body.{path}`
    Body(BodyPath),
    /// `stageVariables.{name}`
    StageVariable(String),
    /// `context.{name}`
    Context(String),
}

/// All of a body, or the part of it that a JSONPath names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyPath {
    Whole,
    Part(JsonPath),
}

impl Source {
    /// What a request to an integration is made of.
    pub fn of_request(text: &str) -> Option<Self> {
        if let Some(place) = text.strip_prefix("method.request.") {
            return Self::header(place)
                .or_else(|| Self::query_or_path(place))
                .or_else(|| Self::body(place));
        }
        Self::ambient(text)
    }

    /// What a response to the client is made of.
    pub fn of_response(text: &str) -> Option<Self> {
        match text.strip_prefix("integration.response.") {
            Some(place) => Self::header(place).or_else(|| Self::body(place)),
            None => Self::ambient(text),
        }
    }

    /// What an answer of the gateway itself is made of. It has no body to read from.
    pub fn of_gateway_response(text: &str) -> Option<Self> {
        if let Some(place) = text.strip_prefix("method.request.") {
            return Self::header(place).or_else(|| Self::query_or_path(place));
        }
        match text.strip_prefix("method.input.params.") {
            Some(name) => named(name).map(|name| Self::Params(name.to_owned())),
            None => Self::ambient(text),
        }
    }

    /// What an authorizer takes for who is calling.
    pub fn of_identity(text: &str) -> Option<Self> {
        let source = match text.strip_prefix("method.request.") {
            Some(place) => Self::header(place).or_else(|| Self::query_or_path(place)),
            None => Self::ambient(text),
        };
        source.filter(|source| !matches!(source, Self::Path(_) | Self::Static(_)))
    }

    /// The same, as authorizers of HTTP APIs write it, `$request.header.X`, and those of WebSocket APIs,
    /// `route.request.header.X`.
    pub fn of_route_identity(text: &str) -> Option<Self> {
        let source = match (text.strip_prefix('$'), text.strip_prefix("route.request.")) {
            (Some(text), _) => Self::of_routed_request(text),
            (None, Some(place)) => Self::header(place).or_else(|| Self::query_or_path(place)),
            (None, None) => Self::ambient(text),
        };
        source.filter(|source| {
            let is_in_path = matches!(source, Self::Path(_) | Self::WholePath);
            !is_in_path && !matches!(source, Self::Body(_) | Self::Static(_))
        })
    }

    /// What a request to an integration of an HTTP API is made of. The text comes without its dollar sign.
    pub fn of_routed_request(text: &str) -> Option<Self> {
        match text.strip_prefix("request.") {
            Some("path") => Some(Self::WholePath),
            Some(place) => Self::all_of(place).or_else(|| Self::plain_body(place)),
            None => Self::variable(text),
        }
    }

    /// What the answer of an integration of an HTTP API is changed by. The text comes without its dollar sign.
    pub fn of_routed_response(text: &str) -> Option<Self> {
        match text.strip_prefix("response.") {
            Some(place) => Self::all_of(place)
                .filter(|source| matches!(source, Self::MultiHeader(_)))
                .or_else(|| Self::plain_body(place)),
            None => Self::variable(text),
        }
    }

    /// HTTP APIs take all values of a name, where REST APIs take the last unless they are asked for more.
    fn all_of(place: &str) -> Option<Self> {
        let (kind, name) = place.split_once('.')?;
        let name = named(name)?;
        match kind {
            "header" => Some(Self::MultiHeader(name.to_ascii_lowercase())),
            "querystring" => Some(Self::MultiQuery(name.to_owned())),
            "path" => Some(Self::Path(name.to_owned())),
            _ => None,
        }
    }

    /// Of HTTP APIs, whose paths neither search nor filter.
    fn plain_body(place: &str) -> Option<Self> {
        let is_plain = !place.contains("..") && !place.contains("?(");
        Self::body(place).filter(|_| is_plain)
    }

    fn header(place: &str) -> Option<Self> {
        let (kind, name) = place.split_once('.')?;
        let name = named(name)?.to_ascii_lowercase();
        match kind {
            "header" => Some(Self::Header(name)),
            "multivalueheader" => Some(Self::MultiHeader(name)),
            _ => None,
        }
    }

    fn query_or_path(place: &str) -> Option<Self> {
        let (kind, name) = place.split_once('.')?;
        let name = named(name)?.to_owned();
        match kind {
            "querystring" => Some(Self::Query(name)),
            "multivaluequerystring" => Some(Self::MultiQuery(name)),
            "path" => Some(Self::Path(name)),
            _ => None,
        }
    }

    fn body(place: &str) -> Option<Self> {
        let rest = place.strip_prefix("body")?;
        let path = match rest.strip_prefix('.') {
            _ if rest.is_empty() => BodyPath::Whole,
            Some(path) => BodyPath::Part(JsonPath::compile(format!("$.{}", named(path)?))?),
            None if rest.starts_with('[') => BodyPath::Part(JsonPath::compile(format!("${rest}"))?),
            None => return None,
        };
        Some(Self::Body(path))
    }

    /// What is there whatever the message is.
    fn ambient(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('\'') {
            return inner
                .strip_suffix('\'')
                .map(|text| Self::Static(text.to_owned()));
        }
        Self::variable(text)
    }

    fn variable(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once('.')?;
        let name = named(name)?.to_owned();
        match kind {
            "stageVariables" => Some(Self::StageVariable(name)),
            "context" => Some(Self::Context(name)),
            _ => None,
        }
    }
}

fn named(name: &str) -> Option<&str> {
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(path: &str) -> Option<Source> {
        JsonPath::compile(path.to_owned()).map(|path| Source::Body(BodyPath::Part(path)))
    }

    #[test]
    fn a_source_of_a_request_is_one_of_the_known_forms() {
        for (text, expected) in [
            ("'*'", Some(Source::Static("*".into()))),
            ("''", Some(Source::Static(String::new()))),
            ("'it''s'", Some(Source::Static("it''s".into()))),
            ("'open", None),
            ("'", None),
            (
                "method.request.header.X-Name",
                Some(Source::Header("x-name".into())),
            ),
            (
                "method.request.multivalueheader.X-Name",
                Some(Source::MultiHeader("x-name".into())),
            ),
            (
                "method.request.querystring.Q",
                Some(Source::Query("Q".into())),
            ),
            (
                "method.request.multivaluequerystring.q",
                Some(Source::MultiQuery("q".into())),
            ),
            ("method.request.path.id", Some(Source::Path("id".into()))),
            ("method.request.path.", None),
            ("method.request.cookie.a", None),
            ("method.request.body", Some(Source::Body(BodyPath::Whole))),
            ("method.request.body.a.b[0]", part("$.a.b[0]")),
            ("method.request.body[0]", part("$[0]")),
            ("method.request.body.", None),
            ("method.request.bodyguard", None),
            ("stageVariables.v", Some(Source::StageVariable("v".into()))),
            (
                "context.identity.sourceIp",
                Some(Source::Context("identity.sourceIp".into())),
            ),
            ("context.", None),
            ("integration.response.header.a", None),
            ("", None),
        ] {
            assert_eq!(Source::of_request(text), expected, "{text}");
        }
    }

    #[test]
    fn an_authorizer_of_routes_looks_at_headers_query_context_and_variables() {
        for (text, expected) in [
            (
                "$request.header.Authorization",
                Some(Source::MultiHeader("authorization".into())),
            ),
            (
                "$request.querystring.Token",
                Some(Source::MultiQuery("Token".into())),
            ),
            (
                "$context.identity.sourceIp",
                Some(Source::Context("identity.sourceIp".into())),
            ),
            ("$stageVariables.v", Some(Source::StageVariable("v".into()))),
            (
                "route.request.header.Auth",
                Some(Source::Header("auth".into())),
            ),
            (
                "route.request.querystring.q",
                Some(Source::Query("q".into())),
            ),
            ("context.routeKey", Some(Source::Context("routeKey".into()))),
            ("stageVariables.v", Some(Source::StageVariable("v".into()))),
            ("$request.path.id", None),
            ("$request.body", None),
            ("$request.header.", None),
            ("$'v'", None),
            ("'v'", None),
            ("method.request.header.a", None),
            ("$", None),
            ("", None),
        ] {
            assert_eq!(Source::of_route_identity(text), expected, "{text}");
        }
    }

    #[test]
    fn a_source_of_a_response_is_of_the_integrations_answer() {
        for (text, expected) in [
            (
                "integration.response.header.ETag",
                Some(Source::Header("etag".into())),
            ),
            (
                "integration.response.multivalueheader.A",
                Some(Source::MultiHeader("a".into())),
            ),
            (
                "integration.response.body",
                Some(Source::Body(BodyPath::Whole)),
            ),
            ("integration.response.body.error.type", part("$.error.type")),
            ("integration.response.querystring.q", None),
            ("method.request.header.a", None),
            ("'v'", Some(Source::Static("v".into()))),
            (
                "context.requestId",
                Some(Source::Context("requestId".into())),
            ),
        ] {
            assert_eq!(Source::of_response(text), expected, "{text}");
        }
    }

    #[test]
    fn a_source_of_an_http_api_takes_all_values_of_a_name() {
        for (text, of_request, of_response) in [
            (
                "request.header.X-A",
                Some(Source::MultiHeader("x-a".into())),
                None,
            ),
            (
                "request.querystring.Q",
                Some(Source::MultiQuery("Q".into())),
                None,
            ),
            ("request.path", Some(Source::WholePath), None),
            ("request.path.id", Some(Source::Path("id".into())), None),
            ("request.path.", None, None),
            ("request.body", Some(Source::Body(BodyPath::Whole)), None),
            ("request.body.a[0].b", part("$.a[0].b"), None),
            ("request.body..b", None, None),
            ("request.body.a[?(@.b)]", None, None),
            ("request.multivalueheader.a", None, None),
            (
                "response.header.ETag",
                None,
                Some(Source::MultiHeader("etag".into())),
            ),
            ("response.querystring.a", None, None),
            ("response.path.a", None, None),
            ("response.body.e", None, part("$.e")),
            ("response.body", None, Some(Source::Body(BodyPath::Whole))),
            ("'quoted'", None, None),
            ("other.a", None, None),
        ] {
            assert_eq!(Source::of_routed_request(text), of_request, "{text}");
            assert_eq!(Source::of_routed_response(text), of_response, "{text}");
        }
        let variable = Some(Source::StageVariable("v".into()));
        assert_eq!(Source::of_routed_request("stageVariables.v"), variable);
        assert_eq!(Source::of_routed_response("stageVariables.v"), variable);
    }

    #[test]
    fn a_gateway_response_has_no_body_to_read_from() {
        for (text, expected) in [
            (
                "method.request.querystring.q",
                Some(Source::Query("q".into())),
            ),
            ("method.input.params.q", Some(Source::Params("q".into()))),
            ("method.request.body", None),
            ("integration.response.header.a", None),
        ] {
            assert_eq!(Source::of_gateway_response(text), expected, "{text}");
        }
    }
}
