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
    /// `route.request.header.X`. Behind an HTTP API several values of a name are one, with commas between them, and so here.
    pub fn of_route_identity(text: &str) -> Option<Self> {
        let (place, is_http) = match text.strip_prefix('$') {
            Some(place) => (place, true),
            None => (text.strip_prefix("route.").unwrap_or(text), false),
        };
        let source = match place.strip_prefix("request.") {
            Some(place) => Self::header(place).or_else(|| Self::query_or_path(place)),
            None => Self::ambient(place),
        };
        match source? {
            Self::Path(_) | Self::Static(_) => None,
            Self::Header(name) if is_http => Some(Self::MultiHeader(name)),
            Self::Query(name) if is_http => Some(Self::MultiQuery(name)),
            other => Some(other),
        }
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
