//! Metrics as the embedded metric format has them: one JSON line, which CloudWatch turns into metrics.
//!
//! Names and dimensions are those of the namespace `AWS/ApiGateway`; the namespace is our own, because CloudWatch reserves
//! every name that begins with `AWS/`.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

pub(crate) const NAMESPACE: &str = "Postern";

/// What one request to a REST or HTTP API adds to the metrics.
#[derive(Clone, Debug)]
pub struct RequestMetrics<'r> {
    pub at_ms: u64,
    pub api_id: &'r str,
    pub stage: &'r str,
    pub of: Measured<'r>,
    pub status: u16,
    pub latency_ms: u64,
    /// Absent where no backend was called.
    pub integration_latency_ms: Option<u64>,
    /// Whether the answer was a kept one. Absent where the answers of the method are not kept.
    pub cache_hit: Option<bool>,
    /// The store did not answer when the request should have been counted against its limits.
    pub uncounted: bool,
    pub request_id: &'r str,
}

/// Each kind of API has its own names for dimensions and errors.
#[derive(Clone, Debug)]
pub enum Measured<'r> {
    /// Of a REST API.
    Methods {
        api_name: &'r str,
        /// Verb and path template, where the method's detailed metrics are on.
        detailed: Option<(&'r str, &'r str)>,
    },
    /// Of an HTTP API.
    Routes {
        /// The route's key, where its detailed metrics are on.
        detailed: Option<String>,
        /// Of the request's body and the answer's.
        data_bytes: u64,
    },
}

impl Measured<'_> {
    fn dimensions(&self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Methods { detailed, .. } if detailed.is_some() => BY_METHOD,
            Self::Methods { .. } => BY_STAGE,
            Self::Routes { detailed, .. } if detailed.is_some() => BY_ROUTE,
            Self::Routes { .. } => BY_STAGE_OF_ROUTES,
        }
    }

    /// What errors of clients and of the gateway or what is behind it are called.
    fn errors(&self) -> [&'static str; 2] {
        match self {
            Self::Methods { .. } => ["4XXError", "5XXError"],
            Self::Routes { .. } => ["4xx", "5xx"],
        }
    }

    fn data_bytes(&self) -> Option<u64> {
        match self {
            Self::Methods { .. } => None,
            Self::Routes { data_bytes, .. } => Some(*data_bytes),
        }
    }
}

impl RequestMetrics<'_> {
    /// One line without its end.
    pub fn line(&self) -> String {
        serde_json::to_string(self).expect("numbers and text are always JSON")
    }

    /// The API's name as a dimension may hold it: ASCII, at most 255 characters, and the id where nothing is left.
    fn dimension_name(&self, name: &str) -> String {
        let name: String = name
            .chars()
            .filter(|c| c.is_ascii() && !c.is_ascii_control())
            .take(255)
            .collect();
        if name.trim().is_empty() {
            self.api_id.to_owned()
        } else {
            name
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'m, 'r> {
    namespace: &'static str,
    dimensions: &'static [&'static [&'static str]],
    metrics: Named<'m, 'r>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    name: &'static str,
    unit: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'m, 'r> {
    timestamp: u64,
    cloud_watch_metrics: [Directive<'m, 'r>; 1],
}

const BY_STAGE: &[&[&str]] = &[&["ApiName"], &["ApiName", "Stage"]];
const BY_METHOD: &[&[&str]] = &[
    &["ApiName"],
    &["ApiName", "Stage"],
    &["ApiName", "Method", "Resource", "Stage"],
];
const BY_STAGE_OF_ROUTES: &[&[&str]] = &[&["ApiId"], &["ApiId", "Stage"]];
const BY_ROUTE: &[&[&str]] = &[
    &["ApiId"],
    &["ApiId", "Stage"],
    &["ApiId", "Stage", "Route"],
];

const fn count(name: &'static str) -> Metric {
    Metric {
        name,
        unit: "Count",
    }
}

const fn time(name: &'static str) -> Metric {
    Metric {
        name,
        unit: "Milliseconds",
    }
}

const OF_THE_CACHE: [Metric; 2] = [count("CacheHitCount"), count("CacheMissCount")];
const DATA_PROCESSED: Metric = Metric {
    name: "DataProcessed",
    unit: "Bytes",
};
const INTEGRATION_LATENCY: Metric = time("IntegrationLatency");
const UNCOUNTED: Metric = count("UncountedRequests");

/// Those metrics that a request has.
struct Named<'m, 'r>(&'m RequestMetrics<'r>);

impl Serialize for Named<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of_cache = self.0.cache_hit.map(|_| OF_THE_CACHE);
        let integration = self.0.integration_latency_ms.map(|_| INTEGRATION_LATENCY);
        let data = self.0.of.data_bytes().map(|_| DATA_PROCESSED);
        let [of_clients, of_servers] = self.0.of.errors().map(count);
        serializer.collect_seq(
            (of_cache.into_iter().flatten())
                .chain([count("Count"), of_clients, of_servers, time("Latency")])
                .chain(integration)
                .chain(data)
                .chain(self.0.uncounted.then_some(UNCOUNTED)),
        )
    }
}

impl Serialize for RequestMetrics<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let directive = Directive {
            namespace: NAMESPACE,
            dimensions: self.of.dimensions(),
            metrics: Named(self),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(
            "_aws",
            &Metadata {
                timestamp: self.at_ms,
                cloud_watch_metrics: [directive],
            },
        )?;
        match &self.of {
            Measured::Methods { api_name, detailed } => {
                map.serialize_entry("ApiName", &self.dimension_name(api_name))?;
                if let Some((verb, resource)) = detailed {
                    map.serialize_entry("Method", verb)?;
                    map.serialize_entry("Resource", resource)?;
                }
            }
            Measured::Routes { detailed, .. } => {
                map.serialize_entry("ApiId", self.api_id)?;
                if let Some(route) = detailed {
                    map.serialize_entry("Route", route)?;
                }
            }
        }
        map.serialize_entry("Stage", self.stage)?;
        if let Some(hit) = self.cache_hit {
            map.serialize_entry("CacheHitCount", &u8::from(hit))?;
            map.serialize_entry("CacheMissCount", &u8::from(!hit))?;
        }
        map.serialize_entry("Count", &1)?;
        let [of_clients, of_servers] = self.of.errors();
        map.serialize_entry(of_clients, &u8::from((400..500).contains(&self.status)))?;
        map.serialize_entry(of_servers, &u8::from((500..600).contains(&self.status)))?;
        map.serialize_entry("Latency", &self.latency_ms)?;
        if let Some(latency) = self.integration_latency_ms {
            map.serialize_entry("IntegrationLatency", &latency)?;
        }
        if let Some(bytes) = self.of.data_bytes() {
            map.serialize_entry(DATA_PROCESSED.name, &bytes)?;
        }
        if self.uncounted {
            map.serialize_entry(UNCOUNTED.name, &1)?;
        }
        map.serialize_entry("requestId", self.request_id)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn of_methods<'r>(api_name: &'r str, detailed: Option<(&'r str, &'r str)>) -> Measured<'r> {
        Measured::Methods { api_name, detailed }
    }

    fn metrics() -> RequestMetrics<'static> {
        RequestMetrics {
            at_ms: 1_767_225_600_123,
            api_id: "a1b2c3d4e5",
            stage: "prod",
            of: of_methods("pets", None),
            status: 200,
            latency_ms: 12,
            integration_latency_ms: None,
            cache_hit: None,
            uncounted: false,
            request_id: "id-1",
        }
    }

    fn parse(metrics: &RequestMetrics) -> Value {
        serde_json::from_str(&metrics.line()).unwrap()
    }

    #[test]
    fn a_record_names_its_metrics_and_dimensions() {
        let full = RequestMetrics {
            of: of_methods("pets", Some(("GET", "/pets/{id}"))),
            integration_latency_ms: Some(9),
            status: 404,
            ..metrics()
        };
        let unit = |name: &str, unit: &str| json!({"Name": name, "Unit": unit});
        let expected = json!({
            "_aws": {"Timestamp": 1_767_225_600_123_u64, "CloudWatchMetrics": [{
                "Namespace": "Postern",
                "Dimensions": [["ApiName"], ["ApiName", "Stage"], ["ApiName", "Method", "Resource", "Stage"]],
                "Metrics": [
                    unit("Count", "Count"), unit("4XXError", "Count"), unit("5XXError", "Count"),
                    unit("Latency", "Milliseconds"), unit("IntegrationLatency", "Milliseconds"),
                ],
            }]},
            "ApiName": "pets", "Stage": "prod", "Method": "GET", "Resource": "/pets/{id}",
            "Count": 1, "4XXError": 1, "5XXError": 0, "Latency": 12, "IntegrationLatency": 9, "requestId": "id-1",
        });
        assert_eq!(parse(&full), expected);
    }

    #[test]
    fn http_apis_have_names_of_their_own() {
        for (detailed, dimensions) in [
            (None, json!([["ApiId"], ["ApiId", "Stage"]])),
            (
                Some("GET /pets".to_owned()),
                json!([["ApiId"], ["ApiId", "Stage"], ["ApiId", "Stage", "Route"]]),
            ),
        ] {
            let route = json!(detailed);
            let record = parse(&RequestMetrics {
                of: Measured::Routes {
                    detailed,
                    data_bytes: 30,
                },
                status: 503,
                ..metrics()
            });
            let directive = &record["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(directive["Dimensions"], dimensions);
            let names = directive["Metrics"].as_array().unwrap().iter();
            let names: Vec<_> = names
                .map(|metric| metric["Name"].as_str().unwrap())
                .collect();
            assert_eq!(names, ["Count", "4xx", "5xx", "Latency", "DataProcessed"]);
            assert_eq!(record["Route"], route);
            assert_eq!(
                (&record["4xx"], &record["5xx"], &record["DataProcessed"]),
                (&json!(0), &json!(1), &json!(30))
            );
            assert_eq!(
                (&record["ApiId"], &record["ApiName"]),
                (&json!("a1b2c3d4e5"), &Value::Null)
            );
        }
    }

    #[test]
    fn every_metric_and_dimension_that_is_named_is_there() {
        for metrics in [
            metrics(),
            RequestMetrics {
                status: 500,
                ..metrics()
            },
            RequestMetrics {
                of: of_methods("pets", Some(("GET", "/"))),
                ..metrics()
            },
            RequestMetrics {
                integration_latency_ms: Some(0),
                ..metrics()
            },
            RequestMetrics {
                cache_hit: Some(true),
                ..metrics()
            },
            RequestMetrics {
                integration_latency_ms: Some(0),
                cache_hit: Some(false),
                ..metrics()
            },
            RequestMetrics {
                uncounted: true,
                ..metrics()
            },
            RequestMetrics {
                of: Measured::Routes {
                    detailed: Some("GET /pets".to_owned()),
                    data_bytes: 7,
                },
                ..metrics()
            },
        ] {
            let record = parse(&metrics);
            let directive = &record["_aws"]["CloudWatchMetrics"][0];
            for metric in directive["Metrics"].as_array().unwrap() {
                assert!(
                    record[metric["Name"].as_str().unwrap()].is_u64(),
                    "{metric}"
                );
            }
            for name in directive["Dimensions"]
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|set| set.as_array().unwrap())
            {
                assert!(record[name.as_str().unwrap()].is_string(), "{name}");
            }
        }
    }

    #[test]
    fn a_kept_answer_is_a_hit_and_any_other_a_miss_where_answers_are_kept() {
        for (cache_hit, expected) in [
            (None, [Value::Null, Value::Null]),
            (Some(true), [json!(1), json!(0)]),
            (Some(false), [json!(0), json!(1)]),
        ] {
            let record = parse(&RequestMetrics {
                cache_hit,
                ..metrics()
            });
            let counted = ["CacheHitCount", "CacheMissCount"].map(|name| record[name].clone());
            assert_eq!(counted, expected);
        }
    }

    #[test]
    fn the_api_name_is_made_fit_for_a_dimension() {
        for (name, expected) in [
            ("pets", "pets"),
            ("Füße", "Fe"),
            ("猫", "a1b2c3d4e5"),
            ("", "a1b2c3d4e5"),
            (" ", "a1b2c3d4e5"),
        ] {
            assert_eq!(
                parse(&RequestMetrics {
                    of: of_methods(name, None),
                    ..metrics()
                })["ApiName"],
                expected
            );
        }
    }
}
