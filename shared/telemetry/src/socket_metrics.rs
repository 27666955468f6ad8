//! Metrics of WebSocket APIs, in the same format as those of requests and under the names that the service has for them.

use serde_json::{Map, Value, json};

/// What a handshake, a message or an end adds to the metrics.
#[derive(Clone, Debug)]
pub struct SocketMetrics<'r> {
    pub at_ms: u64,
    pub api_id: &'r str,
    pub stage: &'r str,
    /// The route's key, where its detailed metrics are on.
    pub route: Option<&'r str>,
    pub connects: u8,
    /// Those of the client, and those to it.
    pub messages: u8,
    /// What the integration answered is an error.
    pub integration_error: bool,
    /// The client's own doing kept the integration from being called.
    pub client_error: bool,
    /// Calling the integration failed.
    pub execution_error: bool,
    /// Absent where no backend was called.
    pub integration_latency_ms: Option<u64>,
    /// Absent of what is no request.
    pub request_id: Option<&'r str>,
}

impl SocketMetrics<'_> {
    /// One line without its end.
    pub fn line(&self) -> String {
        let counts = [
            ("ConnectCount", self.connects),
            ("MessageCount", self.messages),
            ("IntegrationError", u8::from(self.integration_error)),
            ("ClientError", u8::from(self.client_error)),
            ("ExecutionError", u8::from(self.execution_error)),
        ];
        let metric = |name: &str, unit: &str| json!({"Name": name, "Unit": unit});
        let mut metrics: Vec<Value> = counts.iter().map(|(n, _)| metric(n, "Count")).collect();
        let latency = self.integration_latency_ms;
        metrics.extend(latency.map(|_| metric("IntegrationLatency", "Milliseconds")));
        let mut dimensions = vec![json!(["ApiId"]), json!(["ApiId", "Stage"])];
        dimensions.extend(self.route.map(|_| json!(["ApiId", "Stage", "Route"])));
        let mut line = Map::new();
        line.insert(
            "_aws".to_owned(),
            json!({"Timestamp": self.at_ms, "CloudWatchMetrics": [
                {"Namespace": crate::metrics::NAMESPACE, "Dimensions": dimensions, "Metrics": metrics},
            ]}),
        );
        let mut set = |name: &str, value: Value| line.insert(name.to_owned(), value);
        set("ApiId", self.api_id.into());
        set("Stage", self.stage.into());
        if let Some(route) = self.route {
            set("Route", route.into());
        }
        for (name, count) in counts {
            set(name, count.into());
        }
        if let Some(latency) = latency {
            set("IntegrationLatency", latency.into());
        }
        if let Some(id) = self.request_id {
            set("requestId", id.into());
        }
        Value::Object(line).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_counts_under_the_services_names_and_dimensions() {
        let metrics = SocketMetrics {
            at_ms: 1_767_225_600_123,
            api_id: "a1b2c3d4e5",
            stage: "dev",
            route: Some("send"),
            connects: 0,
            messages: 2,
            integration_error: true,
            client_error: false,
            execution_error: false,
            integration_latency_ms: Some(12),
            request_id: Some("IU3kkGyEoAMFwZQ="),
        };
        let line: Value = serde_json::from_str(&metrics.line()).unwrap();
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        let all = json!([["ApiId"], ["ApiId", "Stage"], ["ApiId", "Stage", "Route"]]);
        assert_eq!(directive["Dimensions"], all);
        assert_eq!(directive["Metrics"].as_array().unwrap().len(), 6);
        for (name, value) in [
            ("ApiId", json!("a1b2c3d4e5")),
            ("Route", json!("send")),
            ("ConnectCount", json!(0)),
            ("MessageCount", json!(2)),
            ("IntegrationError", json!(1)),
            ("ClientError", json!(0)),
            ("ExecutionError", json!(0)),
            ("IntegrationLatency", json!(12)),
            ("requestId", json!("IU3kkGyEoAMFwZQ=")),
        ] {
            assert_eq!(line[name], value, "{name}");
        }
        let plain = SocketMetrics {
            route: None,
            integration_latency_ms: None,
            request_id: None,
            ..metrics
        };
        let line: Value = serde_json::from_str(&plain.line()).unwrap();
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(
            directive["Dimensions"],
            json!([["ApiId"], ["ApiId", "Stage"]])
        );
        for name in ["IntegrationLatency", "requestId"] {
            assert_eq!(line.get(name), None, "{name}");
        }
    }
}
